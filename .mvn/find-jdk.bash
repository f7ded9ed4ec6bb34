# Read by ./vestibule and ./check: which JDK builds and runs Vestibule?

# Sets version to that of the JDK in directory $1, and fails where there is none.
jdk_version() {
  local line
  [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      JAVA_VERSION=*)
        line=${line#JAVA_VERSION=}
        version=${line//\"/}
        return 0
        ;;
    esac
  done <"$1/release"
  return 1
}

# Sets jdk to the home of the first JDK from 25 on, and jdkWarning where it is one to avoid;
# fails with jdkProblem set where there is none.
find_jdk() {
  local home onPath='' version major seen='' early=''
  jdk='' jdkWarning='' jdkProblem=''
  onPath=$(command -v javac) && onPath=$(readlink -f "$onPath" 2>/dev/null) && onPath=${onPath%/bin/javac}
  for home in "${JAVA_HOME:-}" "$onPath" /usr/lib/jvm/* /opt/* /opt/java/* /usr/local/* \
    "${HOME:-/nonexistent}"/.sdkman/candidates/java/* "${HOME:-/nonexistent}"/.jdks/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
    [ -n "$home" ] && jdk_version "$home" || continue
    major=${version%%[!0-9]*}
    if [ "${major:-0}" -lt 25 ]; then
      case $seen in *" $home ("*) ;; *) seen="$seen $home ($version)" ;; esac
      continue
    fi
    case $version in
      25 | 25.0.[0-2] | 25.0.[0-2][!0-9]*)
        [ -n "$early" ] || early=$home jdkWarning="$home is JDK $version; from 25.0.3 on a heap corruption in its G1 collector is mended"
        ;;
      *)
        jdk=$home jdkWarning=''
        return 0
        ;;
    esac
  done
  jdk=$early
  [ -z "$jdk" ] || return 0
  jdkProblem="no JDK 25 or later in JAVA_HOME, on the PATH, in /usr/lib/jvm, /opt, /usr/local, ~/.sdkman or ~/.jdks${seen:+ (too old:$seen)}; install one (for example Temurin 25) or set JAVA_HOME"
  return 1
}

# Maven on that JDK, without what old releases of Maven make a new JDK say.
run_maven() {
  JAVA_HOME=$jdk MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED ${MAVEN_OPTS:-}" \
    mvn "$@"
}
