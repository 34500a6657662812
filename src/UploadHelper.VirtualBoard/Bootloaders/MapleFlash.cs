namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>The flash routines of the Maple bootloaders (hardware.c): nothing is checked, and no failure is noticed.</summary>
internal sealed class MapleFlash(IBoardCore board, MapleBuild build)
{
    /// <summary>Erases the page or sector that holds an address.</summary>
    /// <returns>How long it takes.</returns>
    public TimeSpan Erase(uint address)
    {
        var sector = board.Flash.SectorAt(address);
        board.Log(BoardEventKind.Flash, $"erase sector {sector} at 0x{board.Flash.Part.Sectors[sector].Address:X8}");
        return board.Flash.Erase(sector);
    }

    /// <summary>Erases the page of a block, and programs the block.</summary>
    /// <returns>How long it takes.</returns>
    public TimeSpan Program(uint address, ReadOnlySpan<byte> data)
    {
        if (!board.Flash.Contains(address, data.Length))
        {
            board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: no flash there");
            board.Hang("bus fault in the bootloader");
            return TimeSpan.Zero;
        }

        var sector = board.Flash.Part.Sectors[board.Flash.SectorAt(address)];
        if (sector.Address != address && (!build.ErasesSectors || (address - sector.Address) % build.PageSize != 0))
        {
            board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: inside a page, which is erased for it");
        }

        var took = sector.Address == address || !build.ErasesSectors ? Erase(address) : TimeSpan.Zero;
        if (!board.Flash.Accepts(address, data))
        {
            board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: not erased");
        }

        board.Log(BoardEventKind.Flash, $"program {data.Length} bytes at 0x{address:X8}");
        return took + board.Flash.Program(address, data);
    }
}
