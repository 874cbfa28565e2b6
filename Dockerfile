# Written for the classic builder, so that Docker 20.10, BuildKit and Podman all build it:
# no COPY --chmod, no heredocs, no RUN --mount.
ARG BASE_IMAGE=ubuntu:24.04
ARG TOOLCHAIN_IMAGE=debian:13

# The compilers, QuickJS and runit: slow to get, seldom changed.
FROM ${TOOLCHAIN_IMAGE} AS toolchain
RUN apt-get -q update \
 && DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends \
      binutils bzip2 gcc libc6-dev libpam0g-dev make musl-tools patch xz-utils \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/*
COPY native/cross.sh native/quickjs.lock native/debian-source.sh native/build.sh /src/native/
COPY native/immortal/ /src/native/immortal/
# For which architecture, and on which processor the build believes to be; empty: the builder's own.
ARG ARCH=
ARG CPU=
RUN sh /src/native/cross.sh "$ARCH" "$CPU" \
 && sh /src/native/debian-source.sh quickjs /quickjs \
 && sh /src/native/build.sh quickjs /quickjs /objects
COPY native/busybox.config native/busybox.lock native/busybox.patch native/runit.sh /src/native/
RUN sh /src/native/debian-source.sh busybox /busybox \
 && sh /src/native/runit.sh /busybox /objects/runit

# The two static binaries, their sanitizer twins, QuickJS for unit tests, the PAM module, static runit: all in /out.
FROM toolchain AS binary
COPY native/ /src/native/
COPY build/js/ /src/build/js/
RUN sh /src/native/build.sh all /quickjs /objects /src/build/js /out
# A program that needs an interpreter would not start in an image whose libc is another one.
RUN ! readelf --program-headers /out/bin/baseimage /out/bin/host-tools /out/runit/busybox | grep INTERP
# The PAM module runs against the image's glibc, which may be as old as Ubuntu 22.04's: 2.35.
RUN { readelf --wide --dyn-syms /out/lib/pam_container_environment.so | grep -o 'GLIBC_[0-9.]*' | sort -V; echo GLIBC_2.35; } \
 | sort -VC

# The overlay, for any base: `COPY --from=baseimage:VERSION-overlay / /`.
FROM binary AS laid
COPY LICENSE THIRD-PARTY.md image/overlay.sh /src/
ARG SOURCE_DATE_EPOCH=
RUN sh /src/overlay.sh /out /src /out/overlay

FROM scratch AS overlay
COPY --from=laid /out/overlay/root/ /
ARG VERSION=
LABEL org.opencontainers.image.title=baseimage-overlay \
      org.opencontainers.image.version=$VERSION

# What users get. The binary comes last: a change of it installs no package again.
FROM ${BASE_IMAGE} AS image
COPY image/ /tmp/baseimage/image/
COPY rootfs/ /tmp/baseimage/rootfs/
# Another value installs and upgrades the packages again, past the cache.
ARG PACKAGES_AS_OF=
# 1 leaves the part out.
ARG DISABLE_SYSLOG=0
ARG DISABLE_SSH=0
ARG DISABLE_CRON=0
# What the build writes down as today, so that another day gives the same files.
ARG SOURCE_DATE_EPOCH=
RUN sh /tmp/baseimage/image/build.sh
COPY --from=binary /out/lib/pam_container_environment.so /usr/lib/baseimage/
COPY --from=binary /out/bin/baseimage /usr/sbin/my_init
RUN for program in setuser container_exit container_health container_lint container_status boot_report; do ln -s my_init "/usr/sbin/$program"; done \
 && for program in workaround-docker-2267 sv; do ln -s ../sbin/my_init "/usr/bin/$program"; done \
 && for program in log_lines runsv essential-finish service-control; do ln -s ../../sbin/my_init "/usr/lib/baseimage/$program"; done \
 && for program in my_init setuser container_exit container_health container_lint container_status boot_report; do \
      if [ ! -e "/sbin/$program" ]; then ln -s "/usr/sbin/$program" /sbin/; fi; \
    done \
 && /sbin/my_init --version \
 && refusal=$(LD_BIND_NOW=1 LD_PRELOAD=/usr/lib/baseimage/pam_container_environment.so /bin/true 2>&1) \
 && if [ -n "$refusal" ]; then echo "$refusal" >&2; exit 1; fi

ARG BASE_IMAGE
ARG VERSION=
LABEL org.opencontainers.image.title=baseimage \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.base.name=$BASE_IMAGE

# For what my_init does not start: RUN lines, `docker exec`, another init.
ENV LANG=C.UTF-8
CMD ["/sbin/my_init"]
