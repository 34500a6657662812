namespace UploadHelper.Core.Chips;

/// <summary>The processors of the chips that these bootloaders are for: what a program begins with depends on them.</summary>
public enum Processor
{
    /// <summary>An ARM Cortex-M: a program begins with its vector table (ARMv7-M ARM, B1.5.3).</summary>
    Arm,

    /// <summary>A RISC-V: a program begins with its first instruction (GD32VF103 User Manual, "Boot configuration").</summary>
    RiscV,
}

/// <summary>The chips that an image file can be for, as the user names them where the file does not tell.</summary>
public static class ChipNames
{
    private static readonly (string Name, Processor Processor)[] All = [("stm32", Processor.Arm), ("gd32vf103", Processor.RiscV)];

    /// <summary>The names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(c => c.Name)];

    /// <summary>The processor of a chip.</summary>
    /// <exception cref="ArgumentException">It is none of the names.</exception>
    public static Processor ProcessorOf(string name) => Array.Find(All, c => c.Name == name) is { Name: not null } chip
        ? chip.Processor
        : throw new ArgumentException($"{name} is not a known chip", nameof(name));

    /// <summary>What has such a processor, for messages: "an STM32".</summary>
    public static string Chip(this Processor processor) => processor == Processor.RiscV ? "a GD32VF103 (RISC-V)" : "an ARM chip";
}
