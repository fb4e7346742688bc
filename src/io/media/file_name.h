#pragma once

#include <string>

#include "base/core/error.h"

namespace orrery {

// What `read` returns. An InputError of its that does not name the file yet is thrown as "NAME: …". Internal to media/.
template <class Read>
auto with_file_name(const std::string& name, const Read& read) {
  try {
    return read();
  } catch (const InputError& error) {
    const std::string reason = error.what();
    throw InputError(reason.starts_with(name) ? reason : name + ": " + reason);
  }
}

}  // namespace orrery
