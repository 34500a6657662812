using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// Lets the calls to system libraries be compiled in advance. Otherwise each is compiled at its first use, among them the
// first transfer to a bootloader that stays for half a second.
[assembly: DisableRuntimeMarshalling]

// Libraries are loaded from the folder of the program or from Windows. The system's own search would also load a file of
// that name from the working folder, which may be that of a sketch from somebody else.
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.System32)]
