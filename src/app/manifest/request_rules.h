#pragma once

#include <string>
#include <vector>

#include "pipeline/request.h"

namespace orrery {

// What is wrong with one field of a request: `field` as the manifest writes it, `reason` with what was found and what
// is allowed.
struct FieldProblem {
  std::string field;
  std::string reason;
};

// Every rule on the values of a request other than its id and uniqueness; none broken: empty. Command-line
// defaults and manifest lines both go through it, so a rule is written once.
std::vector<FieldProblem> check_request(const Request& request);

// What is wrong with `id` as a name for files, or "".
std::string check_id(const std::string& id);

}  // namespace orrery
