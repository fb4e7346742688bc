#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/request_rules.h"
#include "pipeline/request.h"

namespace orrery {

// Reads JSON Lines, UTF-8, one request a line; blank lines and lines that start with # are skipped. What a line leaves
// out comes from `defaults`. `file` names the manifest in messages; its folder is where relative paths start, and the
// paths of the requests are absolute. Nothing but `text` is read.
//
// Throws one InputError with a line "FILE:LINE: id "ID": FIELD: REASON" for every problem of every line; what
// `also_refuse` says about a request (as `unsupported` does) is a problem of its line.
using RequestCheck = std::function<std::vector<std::string>(const Request&)>;
std::vector<Request> parse_manifest(std::string_view text, const std::filesystem::path& file, const Request& defaults,
                                    const RequestCheck& also_refuse = {});

// The request as one JSON line with the keys in a fixed order. Read back with any defaults that leave the optional
// fields unset, it gives the same request.
std::string manifest_line(const Request& request);

}  // namespace orrery
