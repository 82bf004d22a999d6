# syntax=docker/dockerfile:1
# つなぎ: 閉域網（LGWAN など）で動かすための入れ物。作るときだけ部品を取り寄せ、動くときは通信しない。
#
#   docker build -t tsunagi .
#   docker run --rm --network none --read-only --tmpfs /tmp tsunagi tsunagi suggest --help
#   docker run --rm -p 8000:8000 -v tsunagi-data:/data -e TSUNAGI_ALLOWED_HOSTS=窓口の名前 tsunagi
#
# 入れ物は外からの接続を受けるので、ログインのある形（TSUNAGI_MODE=town）で動く。最初の管理者の設定コードは、
# はじめの1回だけ docker logs に出る。利用者、監査記録、町の支援先とその版は /data に残る。

# ── 1段目: 部品を入れ、モデルと索引を作る
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /app/.venv
# Dependencies first: this layer is kept while only our own code changes.
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY knowledge/__init__.py knowledge/
COPY index/__init__.py index/
COPY service/__init__.py service/
COPY eval/__init__.py eval/
COPY knowledge/hsds/schema/LICENSE.txt knowledge/hsds/schema/
RUN .venv/bin/pip install -c constraints.txt torch==2.13.0 \
 && .venv/bin/pip install -c constraints.txt '.[model,oidc]'
COPY knowledge knowledge
COPY index index
COPY service service
COPY eval eval
RUN .venv/bin/pip install --no-deps --force-reinstall . \
 && TSUNAGI_DATA_DIR=/app/var .venv/bin/tsunagi index build

# ── 2段目: 動かすものだけを持つ。管理者権限のない利用者で動く
FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin tsunagi
WORKDIR /app
COPY --from=build --chown=root:root /app/.venv /app/.venv
# What changes while it runs (database, releases, vectors, uploads) lies in one volume.  A new
# named volume starts with the image's model and index; an older one makes what it lacks.
COPY --from=build --chown=10001:root /app/var /data
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 \
    TSUNAGI_DATA_DIR=/data \
    TZ=Asia/Tokyo \
    TSUNAGI_MODE=town \
    TSUNAGI_HOST=0.0.0.0
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=180s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["tsunagi", "serve"]
