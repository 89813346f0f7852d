# The same by pip, and served by uvicorn's own command. From the root of the project:
#     docker build -f deploy/pip.Dockerfile -t mcp-server .
# In a project of your own: RUN pip install "peregrine-mcp[redis,speed]", or your requirements.
FROM python:3.13-slim
WORKDIR /app
COPY pyproject.toml README.md LICENSE ./source/
COPY src ./source/src
RUN pip install --no-cache-dir "./source[redis,speed]" && rm -r source
COPY deploy/server.py ./
ENV PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health', timeout=2)"]
CMD ["uvicorn", "server:mcp", "--host", "0.0.0.0", "--port", "8000", "--timeout-graceful-shutdown", "25"]
