# Prints from a test results file (.trx) why tests were skipped, and what the tests wrote to standard output.
function text(line) {
  gsub(/.*<(Message|StdOut)>|<\/(Message|StdOut)>.*/, "", line)
  gsub(/&lt;/, "<", line); gsub(/&gt;/, ">", line); gsub(/&quot;/, "\"", line); gsub(/&amp;/, "\\&", line)
  return line
}

/<UnitTestResult / {
  name = $0; sub(/.*testName="/, "", name); sub(/".*/, "", name)
  skipped = /outcome="NotExecuted"/
  passed = /outcome="Passed"/
}
/<\/Results>/ { exit }
/<Message>/ && skipped { print "skipped: " text(name) ": " text($0) }
/<StdOut>/ && passed { output = 1 }
output { print text($0) }
/<\/StdOut>/ { output = 0 }
