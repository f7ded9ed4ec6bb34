# Read by ./vestibule, ./check and ./format: which JDK builds and runs Vestibule?

# Sets version to that of the JDK in directory $1; fails where there is none.
jdk_version() {
  [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
  version=''
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      JAVA_VERSION=*)
        version=${line#JAVA_VERSION=}
        version=${version#\"}
        version=${version%%\"*}
        return 0
        ;;
    esac
  done <"$1/release"
  return 1
}

# Sets jdk to the home of the first JDK from 25 on, and jdkWarning where it is one to avoid;
# fails with jdkProblem set where there is none.
find_jdk() {
  jdk='' jdkWarning='' jdkProblem='' tooOld=''
  onPath=$(command -v javac) && onPath=$(readlink -f "$onPath" 2>/dev/null) \
    && onPath=${onPath%/bin/javac} || onPath=''
  for home in "${JAVA_HOME:-}" "$onPath" /usr/lib/jvm/* /opt/* /opt/java/* /usr/local/* \
    "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
    [ -n "$home" ] && jdk_version "$home" || continue
    major=${version%%[!0-9]*}
    if [ "${major:-0}" -lt 25 ]; then
      tooOld="$tooOld${tooOld:+, }$home is $version"
      continue
    fi
    case $version in
      25 | 25.0.[0-2] | 25.0.[0-2][!0-9]*)
        if [ -z "$jdk" ]; then
          jdk=$home
          jdkWarning="$home is JDK $version; 25.0.3 mends a heap corruption of its default collector"
        fi
        ;;
      *)
        jdk=$home jdkWarning=''
        return 0
        ;;
    esac
  done
  [ -z "$jdk" ] || return 0
  jdkProblem="no JDK 25 or later in JAVA_HOME, on the PATH, in /usr/lib/jvm, /opt, /usr/local, ~/.sdkman or ~/.jdks${tooOld:+ ($tooOld)}; install one (for example Temurin 25) or set JAVA_HOME"
  return 1
}

# Maven on that JDK, without what old releases of Maven make a new JDK say.
run_maven() {
  JAVA_HOME=$jdk MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED ${MAVEN_OPTS:-}" \
    mvn "$@"
}
