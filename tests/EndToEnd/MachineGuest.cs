using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>A Debian kernel with a small file system, made once (tests/machine-guest.sh), and a file it can fetch from loopback.</summary>
internal static class MachineGuest
{
    /// <summary>The folder with vmlinuz and initrd.gz; null, with a word why, when this machine cannot make one.</summary>
    public static string? Find(string flavor, ITestOutputHelper log)
    {
        string folder = Path.Combine(Repository.GuestCache, "machine-" + flavor);
        ProcessResult made = HostProcess.Run(new ProcessRequest
        {
            Program = Path.Combine(Repository.Root, "tests", "machine-guest.sh"),
            Arguments = [flavor, folder],
            Timeout = TimeSpan.FromMinutes(5),
        });
        if (made.ExitCode == 0)
            return folder;
        log.WriteLine($"skipped: no {flavor} guest: {made.ErrorText.Trim()}");
        return null;
    }

    /// <summary>Serves one file over HTTP on loopback to whoever asks, until disposed.</summary>
    public sealed class FileServer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly byte[] _content;

        public FileServer(int bytes)
        {
            _content = RandomNumberGenerator.GetBytes(bytes);
            Sum = Convert.ToHexStringLower(SHA256.HashData(_content));
            _listener.Start();
            _ = Serve();
        }

        /// <summary>SHA-256 of the file.</summary>
        public string Sum { get; }

        /// <summary>The port on loopback.</summary>
        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public void Dispose() => _listener.Dispose();

        private async Task Serve()
        {
            try
            {
                while (true)
                {
                    using TcpClient client = await _listener.AcceptTcpClientAsync();
                    NetworkStream stream = client.GetStream();
                    _ = await stream.ReadAtLeastAsync(new byte[4096], 1, throwOnEndOfStream: false);
                    await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"HTTP/1.0 200 OK\r\nContent-Length: {_content.Length}\r\n\r\n"));
                    await stream.WriteAsync(_content);
                    client.Client.Shutdown(SocketShutdown.Send);
                    _ = await stream.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false);
                }
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException or IOException)
            {
            }
        }
    }
}
