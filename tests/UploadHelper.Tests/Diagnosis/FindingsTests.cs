using UploadHelper.Core.Diagnosis;
using UploadHelper.Devices;
using UploadHelper.Output;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Diagnosis;

public sealed class FindingsTests : IDisposable
{
    private readonly LinuxTree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void Cores_of_the_boards_manager_and_of_the_sketchbook_are_found_and_others_are_not()
    {
        Core("packages/STMicroelectronics/hardware/stm32/2.7.1", "STM32 MCU based boards", "GenF4.menu.pnum=x", overlay: "upload.tool=upload_helper\ntools.upload_helper.cmd=upload-helper\n");
        Core("hardware/Arduino_STM32/STM32F4", "STM32F4 Boards", "generic_f407v.name=Generic", overlay: "# upload-helper was here\n");
        Core("packages/arduino/hardware/avr/1.8.6", "Arduino AVR Boards", "uno.name=Arduino Uno", overlay: null);

        var cores = new ArduinoCores([_tree.At("packages"), _tree.At("hardware"), _tree.At("absent")]).List();

        Assert.Equal(
            [
                new SeenCore("STM32 MCU based boards", _tree.At("packages/STMicroelectronics/hardware/stm32/2.7.1"), HasOverlay: true),
                new SeenCore("STM32F4 Boards", _tree.At("hardware/Arduino_STM32/STM32F4"), HasOverlay: false),
            ],
            cores);
    }

    [Fact]
    public void A_core_without_the_overlay_is_noted_with_the_command_that_installs_it()
    {
        var situation = new Situation(new UsbLibraryState("1.0.26", null)) { Cores = [new SeenCore("STM32F4 Boards", "/home/ada/hardware/STM32F4", HasOverlay: false)] };

        var finding = Assert.Single(DoctorPage.Findings(situation), f => f.Topic == FindingTopic.ArduinoCores);

        Assert.Equal(("no-overlay", FindingLevel.Note), (finding.Code, finding.Level));
        Assert.Equal("scripts/install-arduino.sh \"/home/ada/hardware/STM32F4\"", Assert.Single(finding.Remedy, s => s.IsCommand).Text);
    }

    [Fact]
    public void Json_has_a_line_for_each_finding_and_one_for_the_result()
    {
        Finding[] findings =
        [
            new(FindingLevel.Fine, FindingTopic.UsbLibrary, "usb-library", "libusb 1.0.26"),
            new(FindingLevel.Problem, FindingTopic.SerialPorts, "port-denied", "\"a\" \u00e4")
            {
                Board = "1-1.2",
                Remedy = [Step.Say("Join the group:"), Step.Command("sudo usermod")],
            },
        ];
        using var output = new StringWriter { NewLine = "\n" };

        FindingsReport.WriteJson(output, "upload-helper 1.2.3", findings);

        Assert.Equal(
            """
            {"schema":1,"event":"finding","board":null,"level":"fine","topic":"usb-library","code":"usb-library","text":"libusb 1.0.26","remedy":[]}
            {"schema":1,"event":"finding","board":"1-1.2","level":"problem","topic":"serial-ports","code":"port-denied","text":"\u0022a\u0022 \u00E4","remedy":[{"say":"Join the group:"},{"command":"sudo usermod"}]}
            {"schema":1,"event":"result","board":null,"exitStatus":0,"versions":"upload-helper 1.2.3","problems":1,"notes":0}

            """,
            output.ToString());
    }

    private void Core(string folder, string name, string boards, string? overlay)
    {
        _tree.Text($"{folder}/platform.txt", $"# a core\nname={name}\nversion=1.0\n");
        _tree.Text($"{folder}/boards.txt", boards + "\n");
        if (overlay is not null)
        {
            _tree.Text($"{folder}/platform.local.txt", overlay);
        }
    }
}
