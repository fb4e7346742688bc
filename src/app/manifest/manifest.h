#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/manifest/request_defaults.h"
#include "base/core/json.h"
#include "pipeline/request.h"

namespace orrery {

// Parses JSON Lines (UTF-8), one request per line; skips blank lines and lines that start with #. `defaults` gives the
// values of missing keys. `file` is the manifest's name in messages. Relative paths start at its folder; the paths of
// the requests are absolute. Reads no files.
//
// `samples` N in a line makes N requests from it, with the ids ID-0 to ID-(N-1) and consecutive seeds.
//
// A `continues` or `condition_latents` that is the id of an earlier line continues that line's clip: it becomes
// Request::parent. The id of a later line is an error; any other text is a path, so a file with the name of an id must
// be written ./NAME.
//
// Throws one InputError with a line "FILE:LINE: id "ID": FIELD: REASON" for every problem of every line, including
// those that `also_refuse` returns for a request (for example missing_inputs()). The result is a deque so that requests
// can be removed from its front, and a manifest of very many lines is never in memory twice.
using RequestCheck = std::function<std::vector<std::string>(const Request&)>;
std::deque<Request> parse_manifest(std::string_view text, const std::filesystem::path& file,
                                   const RequestDefaults& defaults, const RequestCheck& also_refuse = {});

// Reads the manifest's text. Throws InputError with a message that begins with --manifest.
std::string read_manifest(const std::filesystem::path& file);

// The request as the JSON object of its line, with defaults filled in and keys in a fixed order. A parent's id is the
// value of the key that named it. All texts are valid UTF-8.
Json manifest_json(const Request& request);

// manifest_json() as one line of text. Parsed in a manifest after its parent's line, it gives the same request.
std::string manifest_line(const Request& request);

}  // namespace orrery
