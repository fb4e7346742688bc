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

// Reads JSON Lines, UTF-8, one request a line; blank lines and lines that start with # are skipped. What a line leaves
// out comes from `defaults`. `file` names the manifest in messages; its folder is where relative paths start, and the
// paths of the requests are absolute. Nothing but `text` is read.
//
// `samples` N in a line makes N requests of it, with the ids ID-0 to ID-(N-1) and with seeds in a row.
//
// A `continues` or `condition_latents` that is the id of an earlier line continues that line's clip: it becomes
// Request::parent. The id of a later line is refused; any other text is a path, so a file that is called like an id is
// written ./NAME.
//
// Throws one InputError with a line "FILE:LINE: id "ID": FIELD: REASON" for every problem of every line; what
// `also_refuse` says about a request (as `missing_inputs` does) is a problem of its line. A deque, so that a manifest
// of very many lines can be taken from its front without being held twice.
using RequestCheck = std::function<std::vector<std::string>(const Request&)>;
std::deque<Request> parse_manifest(std::string_view text, const std::filesystem::path& file,
                                   const RequestDefaults& defaults, const RequestCheck& also_refuse = {});

// The manifest's text. Throws InputError, naming --manifest.
std::string read_manifest(const std::filesystem::path& file);

// The request as the JSON object of its line, defaults filled in, with the keys in a fixed order. A parent's id stands
// under the key that named it. All texts are valid UTF-8.
Json manifest_json(const Request& request);

// manifest_json as one line of text. In a manifest, behind the line of its parent, it reads back as the same request.
std::string manifest_line(const Request& request);

}  // namespace orrery
