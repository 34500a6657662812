# Makes the Arduino IDE's Upload button call upload-helper:
#   powershell -ExecutionPolicy Bypass -File scripts\install-arduino.ps1 DIR [-Remove] [-Executable FILE]
# For Windows; works like install-arduino.sh (see there). DIR is a core's folder, or a folder above it: the sketchbook's
# hardware folder, %LOCALAPPDATA%\Arduino15\packages. Also copies a libusb-1.0.dll from the folder of the executable.
param(
    [Parameter(Mandatory, Position = 0)] [string] $Dir,
    [switch] $Remove,
    [string] $Executable
)
$ErrorActionPreference = 'Stop'

$here = Split-Path -Parent $PSScriptRoot
$oneClick = Join-Path $here 'arduino/libraries/OneClickDfu/src'  # what the options "one click" compile into a sketch
$begin = '# >>> upload-helper. This block is put here and removed by install-arduino; changes in it are lost.'
$end = '# <<< upload-helper'
$latin1 = [Text.Encoding]::GetEncoding('ISO-8859-1')  # a character for each byte, whatever the file's encoding
$separator = [IO.Path]::DirectorySeparatorChar
$byteOrderMark = $latin1.GetString([byte[]] (0xEF, 0xBB, 0xBF))

# An editor may have changed the line ends of the whole file to CRLF, or put a byte-order mark before its first line.
$beginLine = '(?:(?<=\A' + $byteOrderMark + ')|^)' + [regex]::Escape($begin) + '\r?$'
$endLine = '^' + [regex]::Escape($end) + '\r?$'

function Stop-Here([string] $message) {
    [Console]::Error.WriteLine("install-arduino.ps1: $message")
    exit 1
}

# Bytes in, bytes out: ReadAllText and WriteAllText would interpret a byte-order mark, and remove it.
function Read-Text([string] $file) { $latin1.GetString([IO.File]::ReadAllBytes($file)) }

# The file that a symbolic link leads to, so that the link stays.
function Get-Target([string] $file) {
    $item = Get-Item -LiteralPath $file -Force -ErrorAction SilentlyContinue
    if ($item -and $item.LinkType -eq 'SymbolicLink') {
        $to = @($item.Target)[0]
        if (-not [IO.Path]::IsPathRooted($to)) { $to = Join-Path (Split-Path -Parent $file) $to }
        return Get-Target $to
    }
    $file
}

# The new file takes over the attributes of the old one.
function Write-Text([string] $file, [string] $text) {
    $attributes = if (Test-Path -LiteralPath $file) { [IO.File]::GetAttributes($file) }
    [IO.File]::WriteAllBytes("$file.new", $latin1.GetBytes($text))
    Move-Item -LiteralPath "$file.new" -Destination $file -Force
    if ($attributes) { [IO.File]::SetAttributes($file, $attributes) }
}

# Cores are recognised by their boards, because both parts of Arduino_STM32 have the same package name.
function Get-Overlay([string] $boards) {
    if ((Read-Text $boards) -notmatch '(?m)^(genericSTM32F103C|generic_f407v|BLACK_F407XX|GenF4)\.') { return $null }
    switch -CaseSensitive ($Matches[1]) {
        'genericSTM32F103C' { 'Arduino_STM32-F1' }
        'generic_f407v' { 'Arduino_STM32-F4' }
        'BLACK_F407XX' { 'STM32GENERIC' }
        'GenF4' { 'Arduino_Core_STM32' }
    }
}

# The text without our block; its last line is ended if necessary.
function Remove-Block([string] $text) {
    $pattern = '(?ms)' + $beginLine + '.*?' + $endLine + '\n?'
    $rest = [regex]::Replace($text, $pattern, '')
    if ($rest -ne '' -and -not $rest.EndsWith("`n")) { $rest += "`n" }
    $rest
}

function Test-Block([string] $file) { (Test-Path -LiteralPath $file) -and [regex]::IsMatch((Read-Text $file), '(?m)' + $beginLine) }

# Omits the boards that this version of the core does not have; the IDE would show them as boards without a name.
function Get-ForBoardsOf([string] $boards, [string] $overlay) {
    $known = @{}
    foreach ($line in (Read-Text $boards) -split '\r?\n') { $known[$line.Split('.')[0]] = $true }
    $lines = (Read-Text $overlay) -split '\r?\n' | Where-Object { $_ -match '^(#|$)' -or $known.ContainsKey($_.Split('.')[0]) }
    $lines -join "`n"
}

function Install-Block([string] $text, [string] $file) {
    $file = Get-Target $file
    $own = ''
    if (Test-Path -LiteralPath $file) {
        if (-not (Test-Block $file)) { Copy-Item -LiteralPath $file -Destination "$file.before-upload-helper" -Force }
        $own = Remove-Block (Read-Text $file)
    }
    Write-Text $file ($own + $begin + "`n" + $text + $end + "`n")
}

function Uninstall-Block([string] $file) {
    $file = Get-Target $file
    if (-not (Test-Block $file)) { return }
    $backup = "$file.before-upload-helper"
    $rest = Remove-Block (Read-Text $file)
    if ((Test-Path -LiteralPath $backup) -and (Remove-Block (Read-Text $backup)) -ceq $rest) {
        Move-Item -LiteralPath $backup -Destination $file -Force
    }
    elseif ($rest -ne '') {
        Write-Text $file $rest
        Write-Output "  $(Split-Path -Leaf $file) has been edited since the installation: only the block was removed"
    }
    else {
        Remove-Item -LiteralPath $file -Force
    }
}

function Test-Writable([string] $folder) {
    $probe = Join-Path $folder 'upload-helper.probe'
    try {
        [IO.File]::WriteAllBytes($probe, [byte[]] @())
        [IO.File]::Delete($probe)
        $true
    }
    catch { $false }
}

# Refuses a core that cannot be changed, before any core is.
function Assert-Core([string] $core) {
    $target = Join-Path $core 'upload-helper'
    foreach ($folder in $core, $target, (Join-Path $target 'ld'), (Join-Path $target 'one-click')) {
        if (-not (Test-Path -LiteralPath $folder)) { continue }
        if (-not (Test-Path -LiteralPath $folder -PathType Container)) { Stop-Here "$folder is not a folder: remove it, and run this script again. Nothing was changed." }
        if (-not (Test-Writable $folder)) {
            Stop-Here "you may not write to $folder. Nothing was changed. Run this script as the owner of that folder (start PowerShell with ""Run as administrator""), or install the core in your sketchbook's hardware folder"
        }
    }
    foreach ($name in 'platform.local.txt', 'boards.local.txt') {
        $file = Get-Target (Join-Path $core $name)
        $folder = Split-Path -Parent $file
        if (-not (Test-Path -LiteralPath $folder -PathType Container) -or -not (Test-Writable $folder)) {
            Stop-Here "you may not write to $folder, where a link in $core leads to. Nothing was changed. Run this script as the owner of that folder, or replace the link by a file"
        }
        if (-not (Test-Path -LiteralPath $file)) { continue }
        try { $text = Read-Text $file }
        catch { Stop-Here "cannot read $file. Nothing was changed. Check its permissions" }
        if ($text -match '^(\xFF\xFE|\xFE\xFF)') { Stop-Here "$file is UTF-16, which the Arduino IDE cannot read. Nothing was changed. Save it as UTF-8, and run this script again" }
        if ($text.Contains([char] 0)) { Stop-Here "$file is not a text file. Nothing was changed. Restore it, or remove it, and run this script again" }
        if ([regex]::IsMatch((Remove-Block $text), '(?m)' + $beginLine)) {
            Stop-Here "in $file the line ""$end"" is missing, so the end of this script's block is unknown. Nothing was changed. Remove the block by hand: it begins with ""# >>> upload-helper."""
        }
    }
}

# Every core in a folder, up to four levels down; also behind links.
function Get-Core([string] $folder, [int] $levels) {
    if ((Test-Path -LiteralPath (Join-Path $folder 'boards.txt') -PathType Leaf) -and (Test-Path -LiteralPath (Join-Path $folder 'platform.txt') -PathType Leaf)) {
        if (Get-Overlay (Join-Path $folder 'boards.txt')) { $folder }
    }
    if ($levels -eq 0) { return }
    try { $inside = [IO.Directory]::GetDirectories($folder) }
    catch { return }
    foreach ($one in $inside) { Get-Core $one ($levels - 1) }
}

function Install-Core([string] $core, [string] $name) {
    $overlay = Join-Path (Join-Path $here 'arduino') $name
    $target = Join-Path $core 'upload-helper'
    New-Item -ItemType Directory -Force -Path $target | Out-Null
    Copy-Item -LiteralPath $program -Destination (Join-Path $target 'upload-helper.exe') -Force
    $library = Join-Path (Split-Path -Parent $program) 'libusb-1.0.dll'
    if (Test-Path -LiteralPath $library) { Copy-Item -LiteralPath $library -Destination $target -Force }
    $scripts = Join-Path $overlay 'ld'
    if (Test-Path -LiteralPath $scripts) {
        New-Item -ItemType Directory -Force -Path (Join-Path $target 'ld') | Out-Null
        Get-ChildItem -LiteralPath $scripts -Filter *.ld | Copy-Item -Destination (Join-Path $target 'ld') -Force
    }
    if ((Read-Text (Join-Path $overlay 'boards.local.txt')).Contains('upload-helper/one-click/')) {
        New-Item -ItemType Directory -Force -Path (Join-Path $target 'one-click') | Out-Null
        Get-ChildItem -LiteralPath $oneClick | Copy-Item -Destination (Join-Path $target 'one-click') -Force
    }
    Install-Block (Read-Text (Join-Path $overlay 'platform.local.txt')) (Join-Path $core 'platform.local.txt')
    $boards = Get-ForBoardsOf (Join-Path $core 'boards.txt') (Join-Path $overlay 'boards.local.txt')
    Install-Block $boards (Join-Path $core 'boards.local.txt')
    Write-Output "installed in $core ($name)"
}

function Uninstall-Core([string] $core, [string] $name) {
    $target = Join-Path $core 'upload-helper'
    $locals = 'platform.local.txt', 'boards.local.txt' | ForEach-Object { Join-Path $core $_ }
    if (-not (Test-Path -LiteralPath $target) -and -not ($locals | Where-Object { Test-Block $_ })) {
        Write-Output "nothing to remove from $core"
        return
    }
    $locals | ForEach-Object { Uninstall-Block $_ }
    $ours = @('upload-helper.exe', 'libusb-1.0.dll')
    $scripts = Join-Path (Join-Path (Join-Path $here 'arduino') $name) 'ld'
    if (Test-Path -LiteralPath $scripts) {
        $ours += Get-ChildItem -LiteralPath $scripts -Filter *.ld | ForEach-Object { "ld$separator$($_.Name)" }
    }
    $ours += Get-ChildItem -LiteralPath $oneClick | ForEach-Object { "one-click$separator$($_.Name)" }
    foreach ($file in $ours) {
        $path = Join-Path $target $file
        if (Test-Path -LiteralPath $path) { Remove-Item -LiteralPath $path -Force }
    }
    foreach ($folder in (Join-Path $target 'ld'), (Join-Path $target 'one-click'), $target) {
        if ((Test-Path -LiteralPath $folder) -and -not (Get-ChildItem -LiteralPath $folder -Force)) { Remove-Item -LiteralPath $folder }
    }
    if (Test-Path -LiteralPath $target) { Write-Output "  not removed, not installed by this script: $((Get-ChildItem -LiteralPath $target).Name)" }
    Write-Output "removed from $core"
}

if (-not (Test-Path -LiteralPath $Dir -PathType Container)) { Stop-Here "no such folder: $Dir" }
if (-not $Remove) {
    $candidates = if ($Executable) { @($Executable) } else { (Join-Path $here 'upload-helper.exe'), (Join-Path (Join-Path $here 'artifacts') 'publish/win-x64/upload-helper.exe') }
    $program = $candidates | Where-Object { (Test-Path -LiteralPath $_ -PathType Leaf) } | Select-Object -First 1
    if (-not $program) { Stop-Here "executable not found ($($candidates -join ', ')): give its path with -Executable" }
    $program = (Resolve-Path -LiteralPath $program).ProviderPath
}

$cores = @(Get-Core (Resolve-Path -LiteralPath $Dir).ProviderPath 4)
if ($cores.Count -eq 0) { Stop-Here "no supported core found in $Dir. Supported: Arduino_STM32, STM32GENERIC, Arduino_Core_STM32" }
foreach ($core in $cores) { Assert-Core $core }
foreach ($core in $cores) {
    $name = Get-Overlay (Join-Path $core 'boards.txt')
    if ($Remove) { Uninstall-Core $core $name } else { Install-Core $core $name }
}
