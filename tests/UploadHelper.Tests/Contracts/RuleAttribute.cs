using Xunit.Abstractions;
using Xunit.Sdk;

namespace UploadHelper.Tests.Contracts;

/// <summary>A rule of a contract: a test in an abstract class, run by each class that derives from it for an implementation of its own.</summary>
[XunitTestCaseDiscoverer("UploadHelper.Tests.Contracts.RuleDiscoverer", "UploadHelper.Tests")]
public sealed class RuleAttribute : FactAttribute;

/// <summary>
/// Rules of an implementation that needs Linux's virtual USB host controller and root. The rig has both: the end-to-end
/// tests run them there, and count them. Elsewhere they are no tests.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class InRigAttribute : Attribute
{
    /// <summary>The collection of such tests: the controller has no lock around the choice of a port.</summary>
    public const string OneAtATime = "vhci";

    public static bool IsHere => File.Exists("/sys/devices/platform/vhci_hcd.0/attach") && Environment.IsPrivilegedProcess;
}

/// <summary>Finds the rules of a class.</summary>
public sealed class RuleDiscoverer(IMessageSink messages) : IXunitTestCaseDiscoverer
{
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions options, ITestMethod method, IAttributeInfo rule) =>
        method.TestClass.Class.GetCustomAttributes(typeof(InRigAttribute)).Any() && !InRigAttribute.IsHere
            ? []
            : [new XunitTestCase(messages, options.MethodDisplayOrDefault(), options.MethodDisplayOptionsOrDefault(), method)];
}
