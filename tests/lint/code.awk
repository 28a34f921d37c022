# Prints C sources as file:line:code, with comments and the insides of strings and
# character constants left out (the names in #include "..." stay). For the lints.
FNR == 1 { comment = 0 }
{
    line = $0
    out = ""
    if (!comment && line ~ /^[ \t]*#[ \t]*include[ \t]*"/) {
        sub(/".*/, "", line)
        match($0, /"[^"]*"/)
        print FILENAME ":" FNR ":" line substr($0, RSTART, RLENGTH)
        next
    }
    while (line != "") {
        if (comment) {
            end = index(line, "*/")
            if (!end) break
            line = substr(line, end + 2)
            comment = 0
        } else if (substr(line, 1, 2) == "/*") {
            comment = 1
            line = substr(line, 3)
        } else if (substr(line, 1, 2) == "//") {
            break
        } else if (match(line, /^"([^"\\]|\\.)*"/) || match(line, /^'([^'\\]|\\.)*'/)) {
            quote = substr(line, 1, 1)
            out = out quote quote
            line = substr(line, RLENGTH + 1)
        } else if (match(line, /^[^\/"']+/)) {
            out = out substr(line, 1, RLENGTH)
            line = substr(line, RLENGTH + 1)
        } else {
            out = out substr(line, 1, 1)
            line = substr(line, 2)
        }
    }
    print FILENAME ":" FNR ":" out
}
