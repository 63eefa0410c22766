# Sourced by the launcher: `./edgemesh test`. Uses its $root and build().

test_usage() {
  cat <<'MSG'
Usage: ./edgemesh test [--slow] [--engines] [--filter TEXT] [--project NAME]

Builds the house and runs every test project. Needs the .NET SDK alone.

  --slow         also those of whole meshes that take long: sites killed again and again, cut off, healed (4 minutes more).
  --engines      these, and the tests against real engines: daprd, RabbitMQ, Kafka, Cassandra, PostgreSQL, Redis, npm, Chromium.
                 Found in the folder EDGEMESH_ENGINES, else on PATH. One that is missing is a failure, never a skip.
                 Records, vectors and series that others made are read from the folder EDGEMESH_DATA.
  --filter TEXT  only tests whose full name contains TEXT (upper and lower case matter), slow ones too
  --project NAME only the test projects whose name contains NAME

Examples:
  ./edgemesh test
  ./edgemesh test --filter Topology
  EDGEMESH_ENGINES=/opt/engines ./edgemesh test --engines

Exit code: 0 all passed, 1 something failed, 2 wrong usage. The last line is `N passed, N failed, N skipped`.
MSG
}

# Where an engine is: below EDGEMESH_ENGINES, on PATH, or where Debian puts it.
have_engine() {
  local name=$1 candidate; shift
  command -v "$name" >/dev/null 2>&1 && return 0
  for candidate in "$@"; do
    if [ -x "$candidate" ]; then return 0; fi
  done
  return 1
}

require_engines() {
  local engines=${EDGEMESH_ENGINES:-/nonexistent} missing=()
  for tool in daprd placement scheduler sentry; do have_engine "$tool" "$engines/dapr/$tool" "$engines/$tool" || missing+=("$tool (Dapr; set EDGEMESH_ENGINES to the folder with dapr/$tool)"); done
  [ -x "$engines/kafka/start" ] || missing+=("kafka (set EDGEMESH_ENGINES to the folder with kafka/start)")
  [ -x "$engines/cassandra/start" ] || missing+=("cassandra (set EDGEMESH_ENGINES to the folder with cassandra/start)")
  [ -x "$engines/opensearch/start" ] || missing+=("opensearch (set EDGEMESH_ENGINES to the folder with opensearch/start)")
  have_engine prometheus && have_engine promtool || missing+=("prometheus and promtool (Debian: prometheus)")
  have_engine java || missing+=("java 17 (Debian: openjdk-17-jre-headless)")
  have_engine rabbitmq-server /usr/sbin/rabbitmq-server || missing+=("rabbitmq-server (Debian: rabbitmq-server)")
  have_engine npm || missing+=("npm (Debian: npm)")
  have_engine node || missing+=("node (Debian: nodejs)")
  have_engine chromium || missing+=("chromium (Debian: chromium)")
  have_engine redis-server || missing+=("redis-server (Debian: redis-server)")
  have_engine postgres /usr/lib/postgresql/*/bin/postgres || missing+=("postgres (Debian: postgresql)")
  have_engine clang || missing+=("clang (Debian: clang)")
  have_engine wasm-ld || missing+=("wasm-ld (Debian: lld)")
  [ -e /usr/lib/wasm32-wasi/libc.a ] || missing+=("a C library for WebAssembly (Debian: wasi-libc libclang-rt-dev-wasm32)")
  [ -d "${EDGEMESH_DATA:-/nonexistent}/fhir/synthea" ] || missing+=("records that others made (set EDGEMESH_DATA to the folder with fhir/synthea and tlog)")
  [ -d "${EDGEMESH_DATA:-/nonexistent}/nab/data" ] || missing+=("series of the Numenta benchmark (set EDGEMESH_DATA to the folder with nab)")
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "edgemesh test: --engines needs what is missing here:" >&2
  printf '  - %s\n' "${missing[@]}" >&2
  echo "Without --engines the tests need the .NET SDK alone." >&2
  return 1
}

# What a project needs beside the build; it failed, if that is not to be had.
prepare_project() {
  local name=$1 out=$2 why
  why="$name was not built: is it in EdgeMesh.sln?"
  if [ -x "$root/tests/$name/bin/Release/net10.0/$name" ]; then
    # As an engine beside the others the native sidecar must be there: what can't be compiled is a failure.
    [ "$name${EDGEMESH_TEST_ENGINES:-0}" = EdgeMesh.ConformanceTests1 ] || return 0
    build_native && return 0
    why="the native sidecar was not compiled"
  fi
  echo "edgemesh test: $why" | tee "$out.log" >&2
  echo "0 1 0 0" >"$out.sum"
  return 1
}

# Runs one project, which names tests that hang; leaves its output in $2.log and "passed failed skipped seconds" in $2.sum.
run_project() {
  local exe=$1 out=$2; shift 2
  local code=0 line total failed errors skipped notrun seconds
  timeout --kill-after=10 "${EDGEMESH_TEST_TIMEOUT:-240}" "$exe" -noLogo -noColor -longRunning 100 "$@" >"$out.log" 2>&1 </dev/null || code=$?
  line=$(grep -E 'Total: [0-9]+, Errors: [0-9]+' "$out.log" | tail -1 || true)
  number() { sed -nE "s/.*$1: ([0-9.]+).*/\1/p" <<<"$line"; }
  total=$(number Total); failed=$(number Failed); errors=$(number Errors); skipped=$(number Skipped); notrun=$(number 'Not Run'); seconds=$(number Time)
  [ "$code" -eq 124 ] && echo "edgemesh test: stopped after ${EDGEMESH_TEST_TIMEOUT:-240} s" >>"$out.log"
  if [ -z "$line" ]; then
    # No summary: with nothing to run that is fine, else the process died and counts as one failure.
    if [ "$code" -eq 0 ]; then echo "0 0 0 0" >"$out.sum"; else echo "0 1 0 0" >"$out.sum"; fi
    return 0
  fi
  failed=$(( ${failed:-0} + ${errors:-0} ))
  if [ "$failed" -eq 0 ] && [ "$code" -ne 0 ] && [ "$total" -gt 0 ]; then failed=1; fi
  local passed=$(( total - failed - ${skipped:-0} - ${notrun:-0} ))
  [ "$passed" -lt 0 ] && passed=0
  echo "$passed $failed ${skipped:-0} ${seconds:-0}" >"$out.sum"
}

# The test projects in the order in which they are begun: of those that run beside others the long ones early, so that none runs alone at the end; then
# whole meshes and real engines, which share the machine with nobody.
in_order() {
  local first=(EdgeMesh.Services.Functions.Tests EdgeMesh.Services.Monitor.Tests EdgeMesh.Services.Monitor.BrowserTests EdgeMesh.Telemetry.Tests EdgeMesh.Sidecar.Tests
    EdgeMesh.Services.Records.Tests EdgeMesh.Cli.Tests EdgeMesh.Services.Gateway.Tests) last=(EdgeMesh.MeshTests) project
  if [ "${EDGEMESH_TEST_ENGINES:-0}" = 1 ]; then last=(EdgeMesh.ConformanceTests "${last[@]}"); else first=(EdgeMesh.ConformanceTests "${first[@]}"); fi
  printf '%s\n' "${first[@]}"
  for project in "$root"/tests/*/*.csproj; do
    project=$(basename "$project" .csproj)
    [[ " ${first[*]} ${last[*]} " == *" $project "* ]] || echo "$project"
  done
  printf '%s\n' "${last[@]}"
}

run_tests() {
  local engines=0 slow=0 filter="" only=""
  while [ $# -gt 0 ]; do
    case $1 in
      --engines) engines=1 slow=1 ;;
      --slow) slow=1 ;;
      --filter) [ $# -ge 2 ] || { echo "edgemesh test: --filter needs a text; see ./edgemesh test --help" >&2; return 2; }; filter=$2; shift ;;
      --filter=*) filter=${1#*=} ;;
      --project) [ $# -ge 2 ] || { echo "edgemesh test: --project needs a name; see ./edgemesh test --help" >&2; return 2; }; only=$2; shift ;;
      --project=*) only=${1#*=} ;;
      -h|--help) test_usage; return 0 ;;
      *) echo "edgemesh test: unknown argument '$1'; see ./edgemesh test --help" >&2; return 2 ;;
    esac
    shift
  done
  # Sites and real servers start, die and start again in some projects.
  [ "$slow$filter" = 0 ] || : "${EDGEMESH_TEST_TIMEOUT:=900}"
  if [ "$engines" -eq 1 ]; then
    require_engines || { echo "0 passed, 1 failed, 0 skipped"; return 1; }
    export EDGEMESH_TEST_ENGINES=1
  fi
  build "$root/tests/obj/edgemesh.stamp" "building the house and its tests (a few minutes the first time)" "cli framework services loadtests tests" dotnet_quietly build "$root/EdgeMesh.sln" -c Release || { echo "0 passed, 1 failed, 0 skipped"; return 1; }

  local args=()
  [ "$engines" -eq 1 ] || args+=(-trait- "Category=Engines")
  # Whoever names a test wants it, however long it takes.
  [ "$slow" -eq 1 ] || [ -n "$filter" ] || args+=(-trait- "Category=Slow")
  args+=(-trait- "Category=Long")
  [ -z "$filter" ] || args+=(-method "*$filter*")

  local results; results=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$results'; jobs -p | xargs -r kill 2>/dev/null || true" EXIT
  # Most processes end before code that was measured while it ran could pay for the measuring.
  export DOTNET_TieredPGO=0
  local name started=$SECONDS running=0
  # Beside the first project: who needs it waits for it, and says so if it can't be had.
  if [ "$engines" -eq 1 ] && [ -z "$only" ]; then { build_native || true; } & running=1; fi
  for name in $(in_order); do
    [ -z "$only" ] || [[ $name == *"$only"* ]] || continue
    case $name$engines in
      EdgeMesh.MeshTests?|EdgeMesh.ConformanceTests1) wait; running=0 ;;
      *) if [ "$running" -ge "${EDGEMESH_TEST_JOBS:-2}" ]; then wait -n || true; running=$((running - 1)); fi ;;
    esac
    { prepare_project "$name" "$results/$name" && run_project "$root/tests/$name/bin/Release/net10.0/$name" "$results/$name" "${args[@]}"; report "$results/$name"; } &
    running=$((running + 1))
  done
  wait

  local passed=0 failed=0 skipped=0 p f s t
  for name in "$results"/*.sum; do
    [ -e "$name" ] || continue
    read -r p f s t <"$name"
    passed=$((passed + p)); failed=$((failed + f)); skipped=$((skipped + s))
  done
  if [ "$failed" -gt 0 ]; then
    echo; echo "What failed:"
    for name in "$results"/*.sum; do
      read -r p f s t <"$name"
      [ "$f" -eq 0 ] || { echo; echo "== $(basename "$name" .sum)"; failures "${name%.sum}.log"; }
    done
  fi
  if [ $((passed + failed + skipped)) -eq 0 ]; then
    echo "edgemesh test: no test matches; see ./edgemesh test --help" >&2; failed=1
  fi
  echo; echo "in $((SECONDS - started)) s"
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
}

# Each failed test with its message and trace; the log's end when there is none.
failures() {
  if grep -q '\[FAIL\]' "$1"; then
    awk '/\[FAIL\]/ { show = 1 } /^    [^ ].*\[(SKIP|PASS)\]|=== TEST EXECUTION SUMMARY|^  Finished:/ { show = 0 } show' "$1" | head -200
  else
    tail -60 "$1"
  fi
}

report() {
  local p f s t mark=ok name; read -r p f s t <"$1.sum"; name=$(basename "$1")
  [ $((p + f + s)) -gt 0 ] || return 0
  [ "$f" -eq 0 ] || mark=FAILED
  if [ -t 1 ]; then
    [ "$mark" = ok ] && mark=$'\e[32mok\e[0m    ' || mark=$'\e[31mFAILED\e[0m'
  else
    mark=$(printf '%-6s' "$mark")
  fi
  printf '%s  %-38s %5s passed %3s failed %3s skipped %8s s\n' "$mark" "$name" "$p" "$f" "$s" "$t"
}
