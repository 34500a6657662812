// Lets calls of the systems' libraries be compiled ahead: else each is compiled when it is made for the first time, the
// first transfer to a bootloader that stays for half a second among them.
[assembly: System.Runtime.CompilerServices.DisableRuntimeMarshalling]
