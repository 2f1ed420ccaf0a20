# bench with the pinned versions. It works in /data: mount the folder for the records there.
FROM python:3.12-slim
WORKDIR /opt/bench
COPY setup.py pyproject.toml constraints.txt README.md ./
COPY architectures ./architectures
COPY bench ./bench
RUN pip install --no-cache-dir -c constraints.txt '.[art,deploy]'
WORKDIR /data
ENTRYPOINT ["bench"]
