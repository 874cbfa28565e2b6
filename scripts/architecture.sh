# shellcheck shell=sh disable=SC2034
# Sourced: what ARCH means here. Sets own (this machine's, as Docker calls it), arch (what is built for), suffix (of
# image names) and products (where the binary stage's products go): for the own one "" and build.
own=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
arch=${ARCH:-$own}
case $arch in
  "$own")
    suffix='' products=build
    ;;
  amd64 | arm64)
    suffix=-$arch products=build/$arch
    ;;
  *)
    echo "ARCH=$arch: only amd64 and arm64 are known" >&2
    exit 1
    ;;
esac
