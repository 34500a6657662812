# The rules of the bus and of serial ports, for the device layer that a test assembly was built with, over the kernel's
# own USB stack; beside them the same rules in process, to count by: contracts.sh ASSEMBLY
. tests/rig/scenarios/lib.sh

step contracts dotnet vstest "$1" --logger:"trx;LogFileName=$out/results.trx" \
  --TestCaseFilter:"FullyQualifiedName~Contracts.System|FullyQualifiedName~Contracts.InProcess" -- xUnit.PreEnumerateTheories=false
