using System.Text;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Tests.Support;

/// <summary>Writes Motorola S-records with addresses of 32 bits, as <c>objcopy --srec-forceS3</c> does.</summary>
internal static class SRecordWriter
{
    public static byte[] Write(IEnumerable<Segment> segments, int recordSize = 16)
    {
        var lines = new StringBuilder(Record(0, 0, "test"u8)).Append("\r\n");
        foreach (var segment in segments)
        {
            for (var at = 0; at < segment.Data.Length; at += recordSize)
            {
                var size = Math.Min(recordSize, segment.Data.Length - at);
                lines.Append(Record(3, segment.Address + (uint)at, segment.Data.Span.Slice(at, size))).Append("\r\n");
            }
        }

        return Encoding.ASCII.GetBytes(lines.Append(Record(7, 0, [])).Append("\r\n").ToString());
    }

    public static string Record(int type, uint address, ReadOnlySpan<byte> data)
    {
        var digits = type switch
        {
            0 or 1 or 5 or 9 => 4,
            2 or 6 or 8 => 6,
            _ => 8,
        };
        var body = address.ToString($"X{digits}", null) + Convert.ToHexString(data);
        var record = $"{body.Length / 2 + 1:X2}{body}";
        return $"S{type}{record}{(byte)~Convert.FromHexString(record).Sum(b => b):X2}";
    }
}
