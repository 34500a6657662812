using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;
using Xunit.Abstractions;

namespace UploadHelper.Tests.Core.Firmware;

/// <summary>The check of the link address over a corpus of generated images (<see cref="LinkCorpus"/>).</summary>
public class LinkAddressTests(ITestOutputHelper output)
{
    [Fact]
    public void No_image_is_refused_at_its_own_address_and_none_passes_at_another()
    {
        var (falseRefusals, falsePasses, right, wrong, fewest) = (new List<string>(), new List<string>(), 0, 0, 1.0);
        foreach (var image in LinkCorpus.Clear())
        {
            var check = ImageCheck.Of(image.At(image.Address));
            right++;
            fewest = Math.Min(fewest, check.Fit!.Hits / (double)check.Fit.Pointers);
            if (check.Findings.Count > 0 || check.Fit.LinkedFor != image.Address)
            {
                falseRefusals.Add($"{image.Name}: {string.Join(" ", check.Findings.Select(f => f.Message))}");
            }

            foreach (var address in image.Elsewhere())
            {
                var elsewhere = ImageCheck.Of(image.At(address));
                wrong++;
                if (elsewhere.Findings is not [{ Refusal: UploadError.ImageLinkedElsewhere }, ..] || (elsewhere.Fit!.LinkedFor ?? image.Address) != image.Address)
                {
                    falsePasses.Add($"{image.Name} at 0x{address:X8}: {elsewhere.Fit}");
                }
            }
        }

        output.WriteLine($"{right} images at their own address: {falseRefusals.Count} false refusals. {wrong} times elsewhere: {falsePasses.Count} false passes.");
        Assert.Empty(falseRefusals);
        Assert.Empty(falsePasses);

        // The corpus has what made the check give up: most odd words are no pointers to code.
        Assert.InRange(fewest, 0, 0.3);
        Assert.InRange(right, 50, 500);
        Assert.InRange(wrong, 500, 5_000);
    }

    [Fact]
    public void An_ambiguous_image_warns_and_goes_on_wherever_its_reset_vector_allows_it()
    {
        foreach (var image in LinkCorpus.Ambiguous())
        {
            foreach (var address in (ReadOnlySpan<uint>)[image.Address, image.Address + 0x400])
            {
                var check = ImageCheck.Of(image.At(address));

                var warning = Assert.Single(check.Findings, f => f.Warning == WarningCode.AddressUnproven);
                Assert.False(check.Fit!.IsSure, image.Name);
                Assert.Contains(check.Fit.Rival is { } rival && Math.Max(check.Fit.Hits, rival.Hits) > 2 ? $"0x{rival.Address:X8}" : "too few", warning.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_small_image_is_never_refused_at_its_own_address_and_never_passes_in_silence_at_another()
    {
        foreach (var image in LinkCorpus.Small())
        {
            Assert.DoesNotContain(ImageCheck.Of(image.At(image.Address)).Findings, f => f.Refusal is not null);
            Assert.All(image.Elsewhere(), a => Assert.NotEmpty(ImageCheck.Of(image.At(a)).Findings));
        }
    }

    [Fact]
    public void The_pointers_name_the_address_also_in_memory_on_a_bus()
    {
        var image = LinkCorpus.Clear().First(i => i.Bytes.Length > 60_000);
        for (var at = 4; at + 4 <= image.Bytes.Length; at += 4)
        {
            var word = BitConverter.ToUInt32(image.Bytes, at);
            if (word >> 24 == 8)
            {
                BitConverter.TryWriteBytes(image.Bytes.AsSpan(at), word - image.Address + 0x9004_0000);
            }
        }

        Assert.Equal(0x9004_0000u, ImageCheck.Of(image.At(0x9004_0000)).Fit!.LinkedFor);
        Assert.Equal(0x9004_0000u, Assert.Single(ImageCheck.Of(image.At(0x9000_0000)).Findings).LinkedFor);
    }

    // A bootloader with an application behind it: the application has more pointers, linked for another address.
    [Fact]
    public void A_second_program_in_the_image_does_not_make_it_one_for_another_address()
    {
        var (first, second) = (SketchImage.Bytes(0x0800_0000, 16_000), SketchImage.Bytes(0x0800_8000, 200_000));
        var both = new byte[0x4000 + second.Length];
        first.CopyTo(both, 0);
        second.CopyTo(both, 0x4000);
        var check = ImageCheck.Of(new FirmwareImage("both.bin", [new Segment(0x0800_0000, both)]));

        Assert.DoesNotContain(check.Findings, f => f.Refusal is not null);
    }

    [Fact]
    public void The_work_for_an_image_made_of_nothing_but_starts_and_pointers_is_bounded()
    {
        var image = new byte[4 << 20];
        for (var at = 0; at < image.Length / 2; at += 2)
        {
            BitConverter.TryWriteBytes(image.AsSpan(at), (ushort)0x4770);
        }

        for (var at = image.Length / 2; at < image.Length; at += 4)
        {
            BitConverter.TryWriteBytes(image.AsSpan(at), 0x0800_0001u + (uint)(at - image.Length / 2) / 2);
        }

        BitConverter.TryWriteBytes(image.AsSpan(0), 0x2000_5000u);
        BitConverter.TryWriteBytes(image.AsSpan(4), 0x0810_0001u);

        Assert.Equal(1 << 16, LinkAddress.Of(new Segment(0x0800_0000, image)).Pointers);
    }
}
