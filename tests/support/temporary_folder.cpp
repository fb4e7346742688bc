#include "support/temporary_folder.h"

#include <cstdlib>
#include <system_error>

#include "base/core/error.h"
#include "base/core/file.h"

namespace orrery {
namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "orrery-test-XXXXXX").string();
  require(::mkdtemp(name.data()) != nullptr, "no folder for the test");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TemporaryFolder::write(const std::string& name, std::string_view content) const {
  const fs::path path = path_ / name;
  fs::create_directories(path.parent_path());
  write_file(path, content);
  return path;
}

}  // namespace orrery
