# shellcheck shell=sh
# A login shell that starts with an empty environment still speaks UTF-8.
if [ -z "${LANG-}" ] && [ -r /etc/default/locale ]; then
  # shellcheck source=/dev/null
  . /etc/default/locale
  export LANG
fi
