import Foundation

/// Build tool: `EmbedFiles OUTPUT FILE…` writes one Swift file with the text of each input as a raw string literal.
let arguments = CommandLine.arguments.dropFirst()
guard let output = arguments.first else {
    FileHandle.standardError.write(Data("EmbedFiles: usage: EmbedFiles OUTPUT FILE...\n".utf8))
    exit(64)
}
var text = "let embeddedFiles: [(name: String, text: String)] = [\n"
for path in arguments.dropFirst() {
    let name = URL(fileURLWithPath: path).lastPathComponent
    let body = try String(contentsOfFile: path, encoding: .utf8)
    // Four pound signs: no migration can end such a literal by accident.
    text += "(name: \"\(name)\", text: ####\"\"\"\n\(body)\n\"\"\"####),\n"
}
text += "]\n"
try text.write(toFile: output, atomically: true, encoding: .utf8)
