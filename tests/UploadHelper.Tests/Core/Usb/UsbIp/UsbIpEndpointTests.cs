using FsCheck;
using FsCheck.Fluent;
using UploadHelper.Core.Usb.UsbIp;

namespace UploadHelper.Tests.Core.Usb.UsbIp;

public class UsbIpEndpointTests
{
    [Theory]
    [InlineData("localhost", "localhost", 3240)]
    [InlineData("lab-7.example.org:3241", "lab-7.example.org", 3241)]
    [InlineData("192.168.7.2:1", "192.168.7.2", 1)]
    [InlineData("[::1]", "::1", 3240)]
    [InlineData("[fe80::1]:65535", "fe80::1", 65535)]
    public void A_good_one_is_understood_and_written_back(string text, string host, int port)
    {
        var endpoint = UsbIpEndpoint.Parse(text);
        Assert.Equal(new UsbIpEndpoint(host, port), endpoint);
        Assert.Equal(endpoint, UsbIpEndpoint.Parse(endpoint.ToString()));
    }

    [Theory]
    [InlineData("", "has no host name")]
    [InlineData(":3240", "has no host name")]
    [InlineData("localhost:", "is not a TCP port")]
    [InlineData("localhost:70000", "is not a TCP port")]
    [InlineData("localhost:-1", "is not a TCP port")]
    [InlineData("::1", "needs brackets")]
    [InlineData("[::1", "bracket of the IPv6 address is missing")]
    [InlineData("[::1]3240", "only :PORT may follow")]
    [InlineData("[::zz]:1", "not an IPv6 address")]
    [InlineData("/dev/ttyACM0", "is not a host name")]
    public void A_bad_one_is_told_what_is_wrong(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<FormatException>(() => UsbIpEndpoint.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Garbage_throws_nothing_but_a_format_error() => Prop.ForAll<NonNull<string>>(text =>
    {
        try
        {
            UsbIpEndpoint.Parse(text.Get);
            UsbIpEndpoint.ParseListener(text.Get);
        }
        catch (FormatException)
        {
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_listener_with_a_port_alone_is_on_loopback() =>
        Assert.Equal(new UsbIpEndpoint("127.0.0.1", 4000), UsbIpEndpoint.ParseListener("4000"));
}
