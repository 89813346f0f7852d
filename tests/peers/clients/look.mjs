// Uses every feature of the server once, through a connected TypeScript client of either line.

export async function look(client, protocol, callWithProgress) {
  const steps = [];
  const onprogress = ({ progress, total }) => steps.push([progress, total]);
  const add = await client.callTool({ name: 'add', arguments: { a: 2, b: 3 } });
  const fail = await client.callTool({ name: 'fail', arguments: {} });
  const structured = await client.callTool({ name: 'structured', arguments: {} });
  await callWithProgress({ name: 'progress', arguments: { n: 3 } }, { onprogress });
  const config = await client.readResource({ uri: 'config://app' });
  const greet = await client.readResource({ uri: 'greet://Ada' });
  const review = await client.getPrompt({ name: 'review', arguments: { code: 'x = 1' } });
  return {
    protocol,
    server: client.getServerVersion()?.name,
    tools: (await client.listTools()).tools.map((tool) => tool.name).sort(),
    resources: (await client.listResources()).resources.map((resource) => resource.uri),
    templates: (await client.listResourceTemplates()).resourceTemplates.map(
      (template) => template.uriTemplate,
    ),
    prompts: (await client.listPrompts()).prompts.map((prompt) => prompt.name),
    add: [add.content[0].text, add.structuredContent],
    fail: [fail.isError, fail.content[0].text],
    structured: structured.structuredContent,
    progress: steps,
    config: config.contents[0].text,
    greet: greet.contents[0].text,
    review: review.messages[0].content.text,
  };
}
