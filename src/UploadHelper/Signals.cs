using System.Runtime.InteropServices;

namespace UploadHelper;

/// <summary>
/// Ctrl-C and SIGTERM: the first asks the work to stop at the next border between two transfers, the second ends the
/// process at once.
/// </summary>
internal sealed class Signals : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <summary>Begins to listen, which takes a thread, unless it does already.</summary>
    /// <returns>Cancelled by the first signal.</returns>
    public CancellationToken Listen()
    {
        if (_registrations.Count == 0)
        {
            _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, On));
            _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, On));
        }

        return _source.Token;
    }

    public void Dispose()
    {
        _registrations.ForEach(r => r.Dispose());
        _source.Dispose();
    }

    private void On(PosixSignalContext context)
    {
        if (!_source.IsCancellationRequested)
        {
            context.Cancel = true;
            _source.Cancel();
        }
    }
}
