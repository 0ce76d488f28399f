"""A partner system 协同系统 in Python: what an integrator needs, from the .proto files alone.

Signs in, lists the schools of a region, follows the change feed, and reads the details of a refusal. Ends with an
assertion when the gateway does not keep what the contract says.
"""

import argparse
import pathlib
import sys
import tempfile

import grpc
from grpc_status import rpc_status
from grpc_tools import protoc
from google.rpc import error_details_pb2

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"


def make_stubs(folder):
    """Generates the stubs of the contract into a folder and puts it on the path."""
    files = [str(path) for path in PROTO.glob("junheng/**/*.proto")]
    google = pathlib.Path(protoc.__file__).parent / "_proto"
    arguments = ["protoc", f"-I{PROTO}", f"-I{google}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
    assert protoc.main(arguments + files) == 0, "the contract does not compile"
    sys.path.insert(0, folder)


def main():
    """Plays the partner."""
    parser = argparse.ArgumentParser()
    for name in ("target", "sign-in", "password", "region", "school-code"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_stubs(folder)
        with grpc.insecure_channel(options.target) as channel:
            play(channel, options)


def play(channel, options):
    """Signs in, lists, watches, and is refused."""
    from junheng.identity.v1 import session_pb2, session_pb2_grpc
    from junheng.registration.v1 import school_pb2, school_pb2_grpc, student_pb2, student_pb2_grpc

    sessions = session_pb2_grpc.SessionServiceStub(channel)
    session = sessions.SignIn(
        session_pb2.SignInRequest(sign_in_name=options.sign_in, password=options.password)
    )
    signed_in = (("authorization", f"Bearer {session.access_token}"),)

    schools = school_pb2_grpc.SchoolServiceStub(channel)
    listed = schools.ListSchools(school_pb2.ListSchoolsRequest(parent=options.region), metadata=signed_in)
    found = [school for school in listed.schools if school.school_code == options.school_code]
    assert len(found) == 1, listed
    print("listed", found[0].name, found[0].display_name)

    event = first_change(channel, options.region, signed_in)
    told = school_pb2.School()
    assert event.record.Unpack(told), event
    assert told.school_code == options.school_code, told
    print("watched", event.subject, event.cursor)

    students = student_pb2_grpc.StudentServiceStub(channel)
    try:
        students.ListStudents(student_pb2.ListStudentsRequest(parent=options.region), metadata=signed_in)
        raise AssertionError("a partner must not list students")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.PERMISSION_DENIED, error
        reason, sentence = details_of(error)
        assert reason == "ROLE_NOT_ALLOWED", reason
        assert "county.partner" in sentence, sentence
        print("refused", reason, sentence)


def first_change(channel, region, signed_in):
    """The first event of the region's schools."""
    from junheng.journal.v1 import journal_pb2, journal_pb2_grpc

    journal = journal_pb2_grpc.JournalServiceStub(channel)
    request = journal_pb2.WatchChangesRequest(service="registration", parent=region, collection="schools")
    feed = journal.WatchChanges(request, metadata=signed_in, timeout=60)
    event = next(feed)
    feed.cancel()
    return event


def details_of(error):
    """Reason and Chinese sentence of a refusal."""
    reason = sentence = ""
    for detail in rpc_status.from_call(error).details:
        info, localized = error_details_pb2.ErrorInfo(), error_details_pb2.LocalizedMessage()
        if detail.Unpack(info):
            assert info.domain == "junheng", info
            reason = info.reason
        if detail.Unpack(localized):
            assert localized.locale == "zh-CN", localized
            sentence = localized.message
    return reason, sentence


if __name__ == "__main__":
    main()
