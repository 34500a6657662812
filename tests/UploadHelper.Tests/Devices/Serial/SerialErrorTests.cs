using UploadHelper.Core.Serial;
using UploadHelper.Devices.Serial;

namespace UploadHelper.Tests.Devices.Serial;

public sealed class SerialErrorTests
{
    // errno of asm-generic/errno-base.h
    [Theory]
    [InlineData(2, true, SerialFault.NotFound)]
    [InlineData(6, true, SerialFault.NotFound)]
    [InlineData(19, true, SerialFault.NotFound)]
    [InlineData(13, true, SerialFault.AccessDenied)]
    [InlineData(1, true, SerialFault.AccessDenied)]
    [InlineData(16, true, SerialFault.Busy)]
    [InlineData(5, true, SerialFault.Io)]
    [InlineData(5, false, SerialFault.Gone)]
    [InlineData(6, false, SerialFault.Gone)]
    [InlineData(19, false, SerialFault.Gone)]
    [InlineData(28, false, SerialFault.Io)]
    public void Each_error_of_a_posix_system_has_its_fault(int error, bool opening, SerialFault fault) =>
        Assert.Equal(fault, PosixErrors.Fault(error, opening));

    // winerror.h
    [Theory]
    [InlineData(2, true, SerialFault.NotFound)]
    [InlineData(3, true, SerialFault.NotFound)]
    [InlineData(5, true, SerialFault.Busy)]
    [InlineData(32, true, SerialFault.Busy)]
    [InlineData(31, true, SerialFault.Io)]
    [InlineData(5, false, SerialFault.Gone)]
    [InlineData(22, false, SerialFault.Gone)]
    [InlineData(31, false, SerialFault.Gone)]
    [InlineData(121, false, SerialFault.Timeout)]
    public void Each_error_of_windows_has_its_fault(int error, bool opening, SerialFault fault) =>
        Assert.Equal(fault, WindowsErrors.Fault(error, opening));
}
