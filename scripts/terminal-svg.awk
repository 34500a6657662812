# Draws terminal output as an SVG picture: awk -v command="..." -f terminal-svg.awk OUTPUT
# Supports the colours red and yellow, which are the ones that upload-helper uses.

function escaped(text) {
  gsub(/&/, "\\&amp;", text)
  gsub(/</, "\\&lt;", text)
  gsub(/>/, "\\&gt;", text)
  return text
}

# Wraps lines that are wider than the picture, at a space if possible.
function add(text, colour,   end) {
  while (length(text) > columns) {
    for (end = columns; end > columns / 2 && substr(text, end, 1) != " "; end--);
    if (substr(text, end, 1) != " ") end = columns
    lines[++count] = substr(text, 1, end)
    colours[count] = colour
    text = substr(text, end + 1)
  }
  lines[++count] = text
  colours[count] = colour
}

BEGIN {
  columns = 110
  add("$ " command, "#7fd1ff")
}

{
  colour = "#d8d8d8"
  if ($0 ~ /\033\[31m|^error:/) colour = "#ff7b72"
  else if ($0 ~ /\033\[33m|^(warning|hint):/) colour = "#e3b341"
  gsub(/\033\[[0-9;]*m/, "")
  gsub(/\r/, "")
  add($0, colour)
}

END {
  height = 18
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"13\">\n", columns * 8 + 32, count * height + 32
  print "<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1b1f24\"/>"
  for (i = 1; i <= count; i++) {
    printf "<text x=\"16\" y=\"%d\" fill=\"%s\" xml:space=\"preserve\" textLength=\"%d\" lengthAdjust=\"spacing\">%s</text>\n", i * height + 14, colours[i], length(lines[i]) * 8, escaped(lines[i])
  }
  print "</svg>"
}
