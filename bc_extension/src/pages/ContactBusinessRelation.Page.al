// Written by `python -m bc_extension.generate` from the schema: change that, not this file.
page 50103 "SI Contact Business Relation"
{
    PageType = API;
    APIPublisher = 'integration';
    APIGroup = 'sales';
    APIVersion = 'v1.0';
    EntityName = 'contactBusinessRelation';
    EntitySetName = 'contactBusinessRelations';
    SourceTable = "Contact Business Relation";
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;
    Editable = false;
    ModifyAllowed = false;
    InsertAllowed = false;
    DeleteAllowed = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'SystemId', Locked = true;
                    Editable = false;
                }
                field(contactNumber; Rec."Contact No.")
                {
                    Caption = 'Contact No.', Locked = true;
                    Editable = false;
                }
                field(businessRelationCode; Rec."Business Relation Code")
                {
                    Caption = 'Business Relation Code', Locked = true;
                    Editable = false;
                }
                field(linkToTable; Rec."Link to Table")
                {
                    Caption = 'Link to Table', Locked = true;
                    Editable = false;
                }
                field(number; Rec."No.")
                {
                    Caption = 'No.', Locked = true;
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'SystemModifiedAt', Locked = true;
                    Editable = false;
                }
            }
        }
    }
}
