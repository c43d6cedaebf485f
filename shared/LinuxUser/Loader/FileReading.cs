namespace Suite.LinuxUser.Loader;

/// <summary>Reading exact ranges of a program file.</summary>
internal static class FileReading
{
    /// <summary>Fills as much of <paramref name="into"/> as the file has from <paramref name="offset"/>; the number of bytes, or a negative errno.</summary>
    public static int ReadUpTo(IProgramFile file, long offset, Span<byte> into)
    {
        long left = file.Length - offset;
        if (offset < 0 || left <= 0)
            return 0;
        if (left < into.Length)
            into = into[..(int)left];
        int done = 0;
        while (done < into.Length)
        {
            int got = file.ReadAt(offset + done, into[done..]);
            if (got < 0)
                return got;
            if (got == 0)
                break;
            done += got;
        }
        return done;
    }
}
