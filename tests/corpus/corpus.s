/* Three pieces of flash with gaps between, one over a border of 64 KiB; variables with their initial values behind the
   first piece; one section that leaks into RAM; debug information that no one loads. */
    .section .vectors, "a", %progbits
    .word 0x20020000, 0x08004041, 0x08004041, 0x08004041
    .space 48

    .section .text, "ax", %progbits
    .thumb
    .syntax unified
    .global start
    .thumb_func
start:
    b start
    .ascii "What is in flash, is in flash."

    .section .data, "aw", %progbits
    .word 0x01234567, 0x89ABCDEF

    .section .border, "a", %progbits
    .ascii "0123456789ABCDEF"

    .section .tail, "a", %progbits
    .byte 1, 2, 3, 4, 5

    .section .leak, "aw", %progbits
    .word 0xDEADBEEF

    .section .bss, "aw", %nobits
    .space 64

    .section .debug_nothing, "", %progbits
    .ascii "not to be loaded"
