# Makes the Arduino IDE's Upload button call upload-helper: scripts\install-arduino.ps1 DIR [-Remove] [-Executable FILE]
# For Windows; works like install-arduino.sh (see there). DIR is a core's folder, or a folder above it: the sketchbook's
# hardware folder, %LOCALAPPDATA%\Arduino15\packages. Also copies a libusb-1.0.dll from the folder of the executable.
param(
    [Parameter(Mandatory, Position = 0)] [string] $Dir,
    [switch] $Remove,
    [string] $Executable
)
$ErrorActionPreference = 'Stop'

$here = Split-Path -Parent $PSScriptRoot
$begin = '# >>> upload-helper. This block is put here and removed by install-arduino; changes in it are lost.'
$end = '# <<< upload-helper'
$latin1 = [Text.Encoding]::GetEncoding('ISO-8859-1')  # preserves every byte, whatever the file's encoding
$separator = [IO.Path]::DirectorySeparatorChar

function Stop-Here([string] $message) {
    [Console]::Error.WriteLine("install-arduino.ps1: $message")
    exit 1
}

function Read-Text([string] $file) { [IO.File]::ReadAllText($file, $latin1) }

function Write-Text([string] $file, [string] $text) {
    [IO.File]::WriteAllText("$file.new", $text, $latin1)
    Move-Item -LiteralPath "$file.new" -Destination $file -Force
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
    $pattern = '(?ms)^' + [regex]::Escape($begin) + '\r?$.*?^' + [regex]::Escape($end) + '\r?\n?'
    $rest = [regex]::Replace($text, $pattern, '')
    if ($rest -ne '' -and -not $rest.EndsWith("`n")) { $rest += "`n" }
    $rest
}

function Test-Block([string] $file) { (Test-Path -LiteralPath $file) -and (Read-Text $file).Contains($begin) }

# Omits the boards that this version of the core does not have; the IDE would show them as boards without a name.
function Get-ForBoardsOf([string] $boards, [string] $overlay) {
    $known = @{}
    foreach ($line in (Read-Text $boards) -split '\r?\n') { $known[$line.Split('.')[0]] = $true }
    $lines = (Read-Text $overlay) -split '\r?\n' | Where-Object { $_ -match '^(#|$)' -or $known.ContainsKey($_.Split('.')[0]) }
    $lines -join "`n"
}

function Install-Block([string] $text, [string] $file) {
    $own = ''
    if (Test-Path -LiteralPath $file) {
        if (-not (Test-Block $file)) { Copy-Item -LiteralPath $file -Destination "$file.before-upload-helper" -Force }
        $own = Remove-Block (Read-Text $file)
    }
    Write-Text $file ($own + $begin + "`n" + $text + $end + "`n")
}

function Uninstall-Block([string] $file) {
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
        Remove-Item -LiteralPath $file
    }
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
    Install-Block (Read-Text (Join-Path $overlay 'platform.local.txt')) (Join-Path $core 'platform.local.txt')
    $boards = Get-ForBoardsOf (Join-Path $core 'boards.txt') (Join-Path $overlay 'boards.local.txt')
    Install-Block $boards (Join-Path $core 'boards.local.txt')
    Write-Output "installed in $core ($name)"
}

function Uninstall-Core([string] $core, [string] $name) {
    $target = Join-Path $core 'upload-helper'
    $locals = 'platform.local.txt', 'boards.local.txt' | ForEach-Object { Join-Path $core $_ }
    if (-not (Test-Path -LiteralPath $target) -and -not ($locals | Where-Object { Test-Block $_ })) { return }
    $locals | ForEach-Object { Uninstall-Block $_ }
    $ours = @('upload-helper.exe', 'libusb-1.0.dll')
    $scripts = Join-Path (Join-Path (Join-Path $here 'arduino') $name) 'ld'
    if (Test-Path -LiteralPath $scripts) {
        $ours += Get-ChildItem -LiteralPath $scripts -Filter *.ld | ForEach-Object { "ld$separator$($_.Name)" }
    }
    foreach ($file in $ours) {
        $path = Join-Path $target $file
        if (Test-Path -LiteralPath $path) { Remove-Item -LiteralPath $path -Force }
    }
    foreach ($folder in (Join-Path $target 'ld'), $target) {
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

$found = 0
foreach ($boards in Get-ChildItem -LiteralPath $Dir -Recurse -Depth 4 -Filter boards.txt -File) {
    $core = $boards.DirectoryName
    $name = Get-Overlay $boards.FullName
    if (-not $name -or -not (Test-Path -LiteralPath (Join-Path $core 'platform.txt'))) { continue }
    $found++
    if ($Remove) { Uninstall-Core $core $name } else { Install-Core $core $name }
}
if ($found -eq 0) { Stop-Here "no supported core found in $Dir. Supported: Arduino_STM32, STM32GENERIC, Arduino_Core_STM32" }
