using System.Globalization;

namespace UploadHelper.Core.Usb;

/// <summary>A pair of USB ids.</summary>
/// <param name="Vendor">idVendor.</param>
/// <param name="Product">idProduct.</param>
public readonly record struct UsbId(ushort Vendor, ushort Product)
{
    /// <summary>Reads "0483:df11", with or without "0x" before either half.</summary>
    /// <exception cref="FormatException">Not a pair of hexadecimal numbers of up to four digits.</exception>
    public static UsbId Parse(string text)
    {
        var halves = text.Split(':');
        return halves.Length == 2 && TryHalf(halves[0], out var vendor) && TryHalf(halves[1], out var product)
            ? new UsbId(vendor, product)
            : throw new FormatException($"\"{text}\" is no pair of USB ids; write VID:PID in hexadecimal, for example 0483:df11.");
    }

    /// <summary>As people write it: "0483:DF11".</summary>
    public override string ToString() => $"{Vendor:X4}:{Product:X4}";

    private static bool TryHalf(string text, out ushort value)
    {
        var digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
        return ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
