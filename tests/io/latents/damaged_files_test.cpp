#include <fstream>

#include "base/core/error.h"
#include "base/core/file.h"
#include "storage_fixture.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

class DamagedFiles : public StorageTest {
 protected:
  // The reader's error message for a file with this content.
  void expect_refused(const std::string& content, const std::string& message) const {
    const std::filesystem::path path = folder_ / "a.h5";
    std::ofstream(path, std::ios::binary) << content;
    EXPECT_THAT([&] { read_latents(path); },
                ThrowsMessage<InputError>(AllOf(StartsWith(path.string()), HasSubstr(message))));
  }

  std::string content_of(const LatentFile& file) const {
    write_latents(folder_ / "whole.h5", file);
    return read_file(folder_ / "whole.h5");
  }
};

TEST_F(DamagedFiles, NotThere) {
  EXPECT_THAT([&] { read_latents(folder_ / "none.h5"); },
              ThrowsMessage<InputError>(HasSubstr("none.h5: no such file")));
  EXPECT_THAT([&] { read_latents(folder_); }, ThrowsMessage<InputError>(HasSubstr("not a file")));
}

TEST_F(DamagedFiles, NotHdf5) {
  expect_refused("", "not an HDF5 file");
  expect_refused("PNG, or so", "not an HDF5 file");
}

TEST_F(DamagedFiles, TruncatedAnywhere) {
  const std::string whole = content_of(complete_file());
  for (const std::size_t size : {whole.size() - 1, whole.size() / 2, std::size_t{100}}) {
    SCOPED_TRACE(size);
    expect_refused(whole.substr(0, size), "damaged");
  }
  expect_refused(whole.substr(0, whole.size() / 2), "truncated file");
}

TEST_F(DamagedFiles, AFlippedBitIsNoticed) {
  const LatentFile file = running_file();
  std::string content = content_of(file);
  const auto* bytes = reinterpret_cast<const char*>(file.latents.at(Stream::Video).values.data());
  const std::size_t place = content.find(std::string(bytes, 64));
  ASSERT_NE(place, std::string::npos) << "running files are stored as they are";
  content[place + 5] = static_cast<char>(content[place + 5] ^ 1);
  expect_refused(
      content, "damaged, or not readable as a latent file: read a dataset: data error detected by Fletcher32 checksum");
}

}  // namespace
}  // namespace orrery
