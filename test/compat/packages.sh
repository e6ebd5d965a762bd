# shellcheck shell=bash
# Sourced: how scripts install Debian packages that a machine lacks.

# install_packages PACKAGE... needs root or sudo, and says so when it has neither.
install_packages() {
  local -a as_root=()
  if ((EUID != 0)); then
    as_root=(sudo -n)
  fi
  printf 'installing %s\n' "$*"
  if ! "${as_root[@]}" apt-get update -qq ||
    ! DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -qq -y --no-install-recommends "$@" >/dev/null; then
    printf 'please install these packages: %s\n' "$*" >&2
    return 1
  fi
}
