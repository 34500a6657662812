using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// Lets calls of the systems' libraries be compiled ahead: else each is compiled when it is made for the first time, the
// first transfer to a bootloader that stays for half a second among them.
[assembly: DisableRuntimeMarshalling]

// Libraries come from the program's own folder or Windows'. Left to the system, a file of that name in the working
// folder (an opened sketch's) could be loaded in their place.
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.System32)]
