# Completion for rel in PowerShell. Source it: rel completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName rel -ScriptBlock {
    param($current, $ast, $cursor)
    $words = @($ast.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursor -or ($_.Extent.EndOffset -eq $cursor -and $current -eq '') } |
        ForEach-Object { if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text } })
    $program = $words[0]
    $before = @($words | Select-Object -Skip 1)
    # An empty word would be dropped on its way: the last one has a dot in front.
    $answer = @(& $program __complete powershell @before ".$($current -replace '^[''"]', '')" 2>$null)
    if ($answer.Count -eq 0) { return }
    switch ($answer[0]) {
        'folders' {
            [System.Management.Automation.CompletionCompleters]::CompleteFilename($current) |
                Where-Object { $_.ResultType -eq 'ProviderContainer' }
        }
        'files' { [System.Management.Automation.CompletionCompleters]::CompleteFilename($current) }
        'words' { $answer | Select-Object -Skip 1 | ForEach-Object {
            $text, $shown, $about = $_ -split "`t"
            if (-not $about) { $about = $shown }
            [System.Management.Automation.CompletionResult]::new($text, $shown, 'ParameterValue', $about) } }
    }
}
