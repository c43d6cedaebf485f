using Suite.Jit.Runtime;

namespace Suite.Tests.Jit;

/// <summary>The lock of everything guest threads share, on threads that are no guest's.</summary>
public sealed class GuestLockTests
{
    private const int Rounds = 20_000;

    [Fact]
    public void The_holder_may_take_it_again()
    {
        using RegionFixture fixture = new();
        GuestLock gate = new(fixture.Region);
        OnThread(() =>
        {
            using (gate.Hold())
            {
                using (gate.Hold())
                using (gate.Hold())
                    Assert.False(OthersGetIt(gate));
                Assert.False(OthersGetIt(gate));
            }

            Assert.True(OthersGetIt(gate));
        });
    }

    [Fact]
    public void Only_one_is_inside()
    {
        using RegionFixture fixture = new();
        GuestLock gate = new(fixture.Region);
        int inside = 0, together = 0;
        long count = 0;
        Thread[] threads = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                using (gate.Hold())
                {
                    if (Interlocked.Increment(ref inside) != 1)
                        together++;
                    count++;
                    using (gate.Hold())
                        count++;
                    Interlocked.Decrement(ref inside);
                }
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            Assert.True(thread.Join(TimeSpan.FromSeconds(60)), "a thread waits for ever");
        Assert.Equal(0, together);
        Assert.Equal(3 * 2 * Rounds, count);
    }

    [Fact]
    public void A_waiter_gets_it_when_the_holder_leaves()
    {
        using RegionFixture fixture = new();
        GuestLock gate = new(fixture.Region);
        using ManualResetEventSlim holding = new(), leave = new();
        Thread holder = new(() =>
        {
            using (gate.Hold())
            {
                holding.Set();
                leave.Wait();
            }
        });
        holder.Start();
        holding.Wait();
        bool got = false;
        Thread waiter = new(() =>
        {
            using (gate.Hold())
                Volatile.Write(ref got, true);
        });
        waiter.Start();
        Assert.False(waiter.Join(30));
        Assert.False(Volatile.Read(ref got));
        leave.Set();
        Assert.True(waiter.Join(TimeSpan.FromSeconds(30)));
        Assert.True(got);
        holder.Join();
    }

    private static bool OthersGetIt(GuestLock gate)
    {
        bool got = false;
        Thread other = new(() =>
        {
            using (gate.Hold())
                Volatile.Write(ref got, true);
        })
        { IsBackground = true };
        other.Start();
        other.Join(20);
        return Volatile.Read(ref got);
    }

    private static void OnThread(Action body)
    {
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                body();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }
}
