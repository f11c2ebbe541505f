# nginx from Debian's packages, for any Debian base. Its configuration is mounted: deploy/nginx.conf.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light curl >/dev/null \
 && rm -rf /var/lib/apt/lists/*
USER 65534:65534
EXPOSE 8080
CMD ["nginx", "-g", "daemon off;"]
