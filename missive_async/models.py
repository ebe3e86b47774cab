"""Every model of the API, to read and to write: each is also importable from `missive_async` itself."""

from missive_async.resources._contact_infos import (
    ContactGroupRef,
    ContactInfo,
    CustomInfo,
    EmailInfo,
    FacebookInfo,
    Membership,
    PhoneNumberInfo,
    PhysicalAddressInfo,
    TwitterInfo,
    UrlInfo,
)
from missive_async.resources._conversation import Conversation, ConversationUser
from missive_async.resources._people import Author, MessageAddress
from missive_async.resources._report import MetricChange, Report, ReportBucket, ReportPeriod
from missive_async.resources._shared import OrganizationRef, SharedLabelRef, TeamRef, UserRef
from missive_async.resources.analytics import ReportRequest
from missive_async.resources.attachments import Attachment
from missive_async.resources.comments import Comment, CommentTask, Mention
from missive_async.resources.contact_books import ContactBook
from missive_async.resources.contact_groups import ContactGroup
from missive_async.resources.contacts import Contact, ContactChanges, NewContact
from missive_async.resources.conversations import ConversationChanges
from missive_async.resources.drafts import CreatedDraft, Draft, NewDraft
from missive_async.resources.hooks import Hook
from missive_async.resources.messages import CreatedMessage, Message, NewMessage
from missive_async.resources.organizations import Organization
from missive_async.resources.posts import CreatedPost, NewPost, Notification, Post, PostAttachment, PostField
from missive_async.resources.responses import NewResponse, Response, ResponseChanges
from missive_async.resources.shared_labels import NewSharedLabel, SharedLabel, SharedLabelChanges
from missive_async.resources.tasks import NewTask, Task, TaskChanges
from missive_async.resources.teams import BusinessDay, BusinessHours, NewTeam, Team, TeamChanges
from missive_async.resources.users import User

__all__ = [
    "Attachment",
    "Author",
    "BusinessDay",
    "BusinessHours",
    "Comment",
    "CommentTask",
    "Contact",
    "ContactBook",
    "ContactChanges",
    "ContactGroup",
    "ContactGroupRef",
    "ContactInfo",
    "Conversation",
    "ConversationChanges",
    "ConversationUser",
    "CreatedDraft",
    "CreatedMessage",
    "CreatedPost",
    "CustomInfo",
    "Draft",
    "EmailInfo",
    "FacebookInfo",
    "Hook",
    "Membership",
    "Mention",
    "Message",
    "MessageAddress",
    "MetricChange",
    "NewContact",
    "NewDraft",
    "NewMessage",
    "NewPost",
    "NewResponse",
    "NewSharedLabel",
    "NewTask",
    "NewTeam",
    "Notification",
    "Organization",
    "OrganizationRef",
    "PhoneNumberInfo",
    "PhysicalAddressInfo",
    "Post",
    "PostAttachment",
    "PostField",
    "Report",
    "ReportBucket",
    "ReportPeriod",
    "ReportRequest",
    "Response",
    "ResponseChanges",
    "SharedLabel",
    "SharedLabelChanges",
    "SharedLabelRef",
    "Task",
    "TaskChanges",
    "Team",
    "TeamChanges",
    "TeamRef",
    "TwitterInfo",
    "UrlInfo",
    "User",
    "UserRef",
]
