"""`kubernetes.yaml`: valid by the official schemas, and of one piece; the probes are row S317's."""

from __future__ import annotations

from typing import Any

import pytest
from deploying import DEPLOY, documents, pinned, run

MANIFEST = DEPLOY / "kubernetes.yaml"


@pytest.fixture(scope="module")
def kinds() -> dict[str, Any]:
    """The documents by their kind."""
    return {document["kind"]: document for document in documents(MANIFEST)}


@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_the_official_schemas_accept_it(version: str) -> None:
    """With nothing in it that they do not know."""
    run(pinned("kubernetes-validate"), "--strict", "-k", version, MANIFEST)


def test_everything_means_the_same_pods(kinds: dict[str, Any]) -> None:
    """Selectors have the labels of the pods, and the autoscaler the name of the deployment."""
    deployment = kinds["Deployment"]
    pods = deployment["spec"]["template"]["metadata"]["labels"]

    assert deployment["spec"]["selector"]["matchLabels"] == pods
    assert kinds["Service"]["spec"]["selector"] == pods
    assert kinds["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == pods
    target = kinds["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", deployment["metadata"]["name"])
    assert "replicas" not in deployment["spec"], "the autoscaler decides"


def test_a_server_has_the_time_to_finish(kinds: dict[str, Any], drain: float) -> None:
    """After nothing is sent to it any more, and before it is killed."""
    pod = kinds["Deployment"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    program, seconds = container["lifecycle"]["preStop"]["exec"]["command"]
    assert program == "sleep"

    assert pod["terminationGracePeriodSeconds"] > float(seconds) + drain


def test_a_pod_may_do_nothing_but_serve(kinds: dict[str, Any]) -> None:
    """What the restricted Pod Security Standard asks for, and a root that is read-only."""
    pod = kinds["Deployment"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    own = container["securityContext"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert own["allowPrivilegeEscalation"] is False
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert own["readOnlyRootFilesystem"] is True
    assert pod["automountServiceAccountToken"] is False
