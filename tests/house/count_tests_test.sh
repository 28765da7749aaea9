#!/bin/bash
# script/count-tests on results as GoogleTest and CTest write them.
set -euo pipefail
count="$(dirname "${BASH_SOURCE[0]}")/../../script/count-tests"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

expect() {
  local counted
  counted=$("$count" "$folder")
  [[ $counted == "$1" ]] || { echo "$2: expected '$1', counted '$counted'" >&2; exit 1; }
}
ctest_says() { printf '<testsuite>\n%s\n</testsuite>\n' "$1" >"$folder/ctest.junit"; }
gtest_says() { printf '<testsuites %s name="AllTests">\n%s\n</testsuites>\n' "$2" "${3:-}" >"$folder/$1.xml"; }

ctest_says '<testcase name="script" status="run">
<testcase name="other" status="fail">'
expect "1 1" "programs without cases count as one"

ctest_says '<testcase name="script" status="run">
</testcase>
<testcase name="optional" status="notrun">
<skipped message="SKIP_RETURN_CODE=77"/>
</testcase>'
expect "1 0" "a test that skipped itself counts as neither"

ctest_says '<testcase name="gone" status="notrun">
<skipped message="Unable to find executable"/>
</testcase>'
expect "0 1" "a test that could not be started is a failure"

gtest_says model_test 'tests="12" failures="2" disabled="1"'
ctest_says '<testcase name="model_test" status="fail">'
expect "9 2" "cases count, disabled ones do not"

gtest_says model_test 'tests="5" failures="0" disabled="0"' '<testcase name="A" status="run" result="skipped" />'
ctest_says '<testcase name="model_test" status="run">'
expect "4 0" "skipped cases count as neither"

ctest_says '<testcase name="model_test" status="fail">'
expect "4 1" "a leak found at exit is a failure"

rm "$folder/model_test.xml"
expect "0 1" "a crashed program leaves no cases and is one failure"
