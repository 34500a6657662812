# Prints what Windows PowerShell 5.1, which comes with Windows, would not understand in scripts: powershell-51.ps1 FILE...
# It runs in any newer PowerShell, whose parser it asks. Windows PowerShell knows less syntax, runs on the .NET Framework, and reads
# a script without a byte-order mark in the language's old code page. Commands and members are compared with lists: what is not there
# may exist in 5.1, but nobody has looked it up (learn.microsoft.com/powershell, version 5.1; .NET Framework 4.5).
param([Parameter(Mandatory, ValueFromRemainingArguments)] [string[]] $File)
$ErrorActionPreference = 'Stop'

$common = 'ErrorAction', 'ErrorVariable', 'OutVariable', 'Verbose'
$commands = @{
    'Copy-Item' = 'LiteralPath', 'Destination', 'Force'
    'ForEach-Object' = @()
    'Get-ChildItem' = 'LiteralPath', 'Filter', 'Force'
    'Get-Item' = 'LiteralPath', 'Force'
    'Join-Path' = @()
    'Move-Item' = 'LiteralPath', 'Destination', 'Force'
    'New-Item' = 'ItemType', 'Path', 'Force'
    'Out-Null' = @()
    'Remove-Item' = 'LiteralPath', 'Force'
    'Resolve-Path' = 'LiteralPath'
    'Select-Object' = 'First'
    'Split-Path' = 'Parent', 'Leaf'
    'Test-Path' = 'LiteralPath', 'PathType'
    'Where-Object' = @()
    'Write-Output' = @()
}
$positional = @{ 'Join-Path' = 2 }  # -AdditionalChildPath takes the third, since 6.0
$members = 'Console::Error', 'WriteLine', 'IO.Directory::GetDirectories', 'IO.File::Delete', 'IO.File::GetAttributes', 'IO.File::ReadAllBytes',
    'IO.File::SetAttributes', 'IO.File::WriteAllBytes', 'IO.Path::DirectorySeparatorChar', 'IO.Path::IsPathRooted', 'regex::Escape', 'regex::IsMatch',
    'regex::Replace', 'Text.Encoding::GetEncoding', 'Contains', 'ContainsKey', 'Count', 'EndsWith', 'GetBytes', 'GetString', 'LinkType', 'Name', 'ProviderPath',
    'Split', 'Target'
$newTokens = 'QuestionQuestion', 'QuestionQuestionEquals', 'QuestionDot', 'QuestionLBracket', 'AndAnd', 'OrOr', 'Clean'

foreach ($path in $File) {
    $full = (Resolve-Path -LiteralPath $path).ProviderPath
    $tokens = $errors = $null
    $script = [Management.Automation.Language.Parser]::ParseFile($full, [ref] $tokens, [ref] $errors)
    $name = Split-Path -Leaf $full
    function Report($at, [string] $what) { "${name}:$($at.StartLineNumber): $what" }

    foreach ($e in $errors) { Report $e.Extent $e.Message }
    if ($errors) { continue }
    foreach ($b in [IO.File]::ReadAllBytes($full)) { if ($b -gt 127) { "${name}: is not plain ASCII"; break } }
    foreach ($token in $tokens) {
        if ($newTokens -contains "$($token.Kind)") { Report $token.Extent "'$($token.Text)' is newer" }
        if ($token.Kind -eq 'Number' -and $token.Text -match '(?i)^0b|(u|y|s|n|ul)$') { Report $token.Extent "the number $($token.Text) is newer" }
        if ("$($token.Kind)" -like 'StringExpandable*' -or "$($token.Kind)" -like 'HereStringExpandable*') {
            if ($token.Text -match '(?<!`)(``)*`(e|u\{)') { Report $token.Extent 'the escape sequence is newer' }
        }
    }
    $ours = $script.FindAll({ $args[0] -is [Management.Automation.Language.FunctionDefinitionAst] }, $true).Name
    foreach ($node in $script.FindAll({ $true }, $true)) {
        switch ($node.GetType().Name) {
            'TernaryExpressionAst' { Report $node.Extent 'the ternary operator is newer' }
            'PipelineAst' { if ($node.Background) { Report $node.Extent 'starting a job with & is newer' } }
            'CommandAst' {
                $command = $node.GetCommandName()
                if (-not $command) { Report $node.Extent "cannot tell which command this is: $node"; break }
                if ($ours -contains $command) { break }
                if (-not $commands.ContainsKey($command)) { Report $node.Extent "the command $command is not in the list for 5.1"; break }
                $given = @($node.CommandElements | Where-Object { $_ -is [Management.Automation.Language.CommandParameterAst] })
                foreach ($parameter in $given) {
                    if (@($commands[$command]) + $common -notcontains $parameter.ParameterName) { Report $parameter.Extent "the parameter $command -$($parameter.ParameterName) is not in the list for 5.1" }
                }
                if ($positional.ContainsKey($command) -and $node.CommandElements.Count - 1 - $given.Count -gt $positional[$command]) { Report $node.Extent "$command takes fewer arguments in 5.1" }
            }
            { $_ -in 'MemberExpressionAst', 'InvokeMemberExpressionAst' } {
                $member = if ($node.Static) { "$($node.Expression.TypeName)::$($node.Member.Value)" } else { "$($node.Member.Value)" }
                if ($members -notcontains $member) { Report $node.Extent "the member $member is not in the list for 5.1" }
            }
        }
    }
}
