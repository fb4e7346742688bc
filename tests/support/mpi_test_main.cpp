// Runs the tests on every rank. Rank 0 reports; the other ranks speak when something fails, with their rank. The
// verdict is the worst of all ranks. A test that leaves early on one rank (an exception, a failed ASSERT) would leave
// its peers in a collective, so it ends the job.
#include <gtest/gtest.h>

#include <iostream>
#include <sstream>

#include "base/parallel/device.h"
#include "base/parallel/mpi_session.h"
#include "support/mpi_world.h"

namespace orrery {
namespace {

const MpiSession* session = nullptr;

class RankReporter final : public testing::EmptyTestEventListener {
  void OnTestPartResult(const testing::TestPartResult& part) override {
    if (!part.failed()) return;
    const int rank = mpi_world().shard().rank;
    std::ostringstream text;
    text << "rank " << rank << ": " << (part.file_name() == nullptr ? "" : part.file_name()) << ":"
         << part.line_number() << ": " << part.message() << "\n";
    if (rank != 0) std::cerr << text.str() << std::flush;
    if (part.fatally_failed()) session->abort("a test ended early", EXIT_FAILURE);
  }
};

int run_tests(const Comm& world) {
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  if (!world.is_root()) delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new RankReporter);
  GTEST_FLAG_SET(catch_exceptions, false);
  return world.max(RUN_ALL_TESTS());
}

}  // namespace

const Comm& mpi_world() { return session->world(); }

}  // namespace orrery

int main(int argc, char** argv) {
  const orrery::MpiSession mpi(argc, argv);
  orrery::session = &mpi;
  try {
    testing::InitGoogleTest(&argc, argv);
    orrery::set_threads(mpi.world());  // as the program does: ranks that outnumber the cores must not fight for them
    return orrery::run_tests(mpi.world());
  } catch (const std::exception& error) {
    mpi.abort(error);
  }
}
